// Colour dots lie above the paper and are none of its lines: they travel beside its picture.
const overlay = $(".fc-dots"); // Missing where the model takes no dots.
const color = $(".fc-color");

function apart(point, from, to) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const along = ((point.x - from.x) * across + (point.y - from.y) * down) / (across ** 2 + down ** 2);
  const part = Math.min(1, Math.max(0, along || 0));
  return Math.hypot(point.x - from.x - part * across, point.y - from.y - part * down);
}

// The eraser takes every dot away that it touches.
function dotsAfter(entries, radius, widthOf) {
  let dots = [];
  for (const entry of entries) {
    if (entry.tool === "dot") dots.push(entry);
    if (entry.tool !== "eraser") continue;
    const reach = widthOf(entry) / 2 + radius;
    const touches = (dot) =>
      entry.points.some((to, i) => apart(dot.points[0], entry.points[Math.max(0, i - 1)], to) <= reach);
    dots = dots.filter((dot) => !touches(dot));
  }
  return dots;
}

function showDots(dots, columns, rows) {
  if (!overlay) return;
  overlay.replaceChildren(
    ...dots.map(({ points: [{ x, y }], color }) => {
      const mark = document.createElement("span");
      mark.style.left = `${(x / columns) * 100}%`;
      mark.style.top = `${(y / rows) * 100}%`;
      mark.style.width = `${((props.dot_size * Math.max(columns, rows)) / columns) * 100}%`;
      mark.style.background = color;
      return mark;
    }),
  );
}
