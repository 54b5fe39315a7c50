// In which order a participant sees pages and pictures: all of it follows from the number.

// A small generator of numbers in [0, 1) that is the same in every browser.
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 4294967296;
  };
}

function shuffled(items, random) {
  const list = [...items];
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other], list[last]];
  }
  return list;
}

// Rows of a balanced Latin square: over all rows, each of `count` things stands in each place
// equally often, and follows each other thing equally often.
function balancedRows(count) {
  const zigzag = Array.from({ length: count }, (_, place) =>
    place % 2 === 1 ? (place + 1) / 2 : (count - place / 2) % count);
  const rows = zigzag.map((_, row) => zigzag.map((value) => (value + row) % count));
  // With an odd count, neighbours are balanced only together with the mirrored rows.
  return count % 2 === 0 ? rows : rows.concat(rows.map((row) => [...row].reverse()));
}

// Pages in random order; a page that must stand apart from another is half of the study away.
function pageOrder(pages, random) {
  const order = shuffled(pages.filter((page) => !page.apart), random);
  for (const page of pages.filter((other) => other.apart)) {
    const half = Math.ceil(order.length / 2);
    const place = order.findIndex((other) => other.id === page.apart);
    order.splice(place < half ? place + half : place - half, 0, page);
  }
  return order;
}

// All that a participant will see: the pages, and on each the letters in the order shown.
function planOf(study, participant) {
  const random = randomNumbers(participant);
  return pageOrder(study.pages, random).map((page) => {
    const turn = participant + page.offset;
    if (study.kind === "fool") {
      const trial = page.trials[turn % page.trials.length];
      return { ...page, shown: random() < 0.5 ? trial : [...trial].reverse() };
    }
    const letters = Object.keys(page.pictures).sort();
    const rows = balancedRows(letters.length);
    return { ...page, shown: rows[turn % rows.length].map((index) => letters[index]) };
  });
}
