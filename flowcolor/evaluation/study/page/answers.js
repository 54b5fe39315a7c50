// What a participant has answered: kept on this device, so that a reload loses nothing.

const place = `flowcolor-${study.study}`;

function keep(session) {
  try {
    localStorage.setItem(place, JSON.stringify(session));
  } catch {
    // Some browsers keep nothing for a page from disk: then a reload begins anew.
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}

function forget() {
  try {
    localStorage.removeItem(place);
  } catch {
    // Nothing was kept.
  }
}

// A number from the link (study.html#12 or ?p=12), or none.
function numberOfLink() {
  const found = /^#(\d+)$/.exec(location.hash) || /[?&]p=(\d+)(?:&|$)/.exec(location.search);
  return found ? found[1] : "";
}

function randomParticipant() {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  return (number % 2147483647) + 1; // So many that two strangers hardly ever get the same.
}

function fileOf(session) {
  const content = {
    study: study.study,
    kind: study.kind,
    participant: session.participant,
    language: session.language,
    finished: session.answers.length === study.pages.length,
    pages: session.answers,
  };
  return { name: `answers-${session.participant}.json`, text: JSON.stringify(content, null, 1) };
}

function download(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: "application/json" }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
