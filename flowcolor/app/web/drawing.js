// A page of paper. What was done on it is a list, so that undoing is leaving out the last entry.
const SIDE = 512;
const PAUSE = 120; // Milliseconds after a stroke: who draws two in a row is not painted in between.
const ERASER = 6; // Times as wide as the pen.
const canvas = $("canvas");
const paper = canvas.getContext("2d");
const cursor = $(".fc-cursor");
const width = $(".fc-width");
let done = [];
let undone = [];
let tool = "pen";
let stroke = null;
let timer = null;
let spot = { x: SIDE / 2, y: SIDE / 2 };
let penDown = false;

function lineWidth(entry) {
  return entry.width * (entry.tool === "eraser" ? ERASER : 1);
}

function drawStroke(entry, from = 0) {
  paper.strokeStyle = paper.fillStyle = entry.tool === "eraser" ? "white" : "black";
  paper.lineWidth = lineWidth(entry);
  paper.lineCap = paper.lineJoin = "round";
  const points = entry.points.slice(Math.max(0, from - 1));
  paper.beginPath();
  paper.moveTo(points[0].x, points[0].y);
  for (const point of points) paper.lineTo(point.x, point.y);
  paper.stroke();
}

function blank(columns, rows) {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  paper.fillStyle = "white";
  paper.fillRect(0, 0, columns, rows);
}

function startsPage(entry) {
  return entry.tool === "clear" || entry.tool === "picture";
}

// The dots that are seen, also while the next one is dragged or some are erased.
function currentDots() {
  const entries = done.slice(done.findLastIndex(startsPage) + 1);
  const radius = (props.dot_size * Math.max(canvas.width, canvas.height)) / 2;
  return dotsAfter(stroke ? [...entries, stroke] : entries, radius, lineWidth);
}

function refreshDots() {
  showDots(currentDots(), canvas.width, canvas.height);
}

function redraw() {
  const start = done.findLastIndex(startsPage);
  const first = done[start];
  if (first?.tool === "picture") {
    blank(first.image.width, first.image.height);
    paper.drawImage(first.image, 0, 0);
  } else {
    blank(SIDE, SIDE);
  }
  for (const entry of done.slice(start + 1)) if (entry.tool !== "dot") drawStroke(entry);
  refreshDots();
  $("[data-does=undo]").disabled = !done.length;
  $("[data-does=redo]").disabled = !undone.length;
  $(".fc-hint").hidden = !isBlank();
}

function isBlank() {
  const last = done.at(-1);
  return !last || last.tool === "clear";
}

function send() {
  clearTimeout(timer);
  document.dispatchEvent(new Event("fc-changed"));
  timer = setTimeout(() => {
    const here = done.findLast(startsPage);
    const url = canvas.toDataURL("image/png");
    const said = here?.tool === "picture" ? url : url.replace(";", ";drawn=here;");
    const dots = currentDots().map(({ points: [{ x, y }], color }) => [
      x / canvas.width,
      y / canvas.height,
      color,
    ]);
    props.value = isBlank() ? "" : { picture: said, dots };
    trigger("input");
  }, PAUSE);
}

function add(entry) {
  done.push(entry);
  undone = [];
  redraw();
  send();
}

async function openPicture(url) {
  const image = await loadImage(url);
  add({ tool: "picture", image });
}

function undo() {
  if (!done.length) return;
  undone.push(done.pop());
  redraw();
  send();
}

function redo() {
  if (!undone.length) return;
  done.push(undone.pop());
  redraw();
  send();
}

function choose(name) {
  tool = name;
  for (const button of element.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  }
  showCursor();
}

function begin(point) {
  const wide = (Number(width.value) * Math.max(canvas.width, canvas.height)) / SIDE;
  stroke = { tool, width: wide, points: [inside(point)], color: color?.value };
  $(".fc-hint").hidden = true;
  if (tool !== "dot") drawStroke(stroke);
  if (tool !== "pen") refreshDots();
}

function extend(point) {
  if (stroke.tool === "dot") {
    stroke.points = [inside(point)];
  } else {
    stroke.points.push(point);
    drawStroke(stroke, stroke.points.length - 1);
  }
  if (stroke.tool !== "pen") refreshDots();
}

function end() {
  if (!stroke) return;
  const finished = stroke;
  stroke = null;
  add(finished);
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * canvas.width,
    y: ((event.clientY - box.top) / box.height) * canvas.height,
  };
}

// A drag may end beside the paper, where a dot would be lost.
function inside({ x, y }) {
  return { x: Math.min(canvas.width, Math.max(0, x)), y: Math.min(canvas.height, Math.max(0, y)) };
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) return;
  canvas.setPointerCapture(event.pointerId);
  complain("");
  cursor.hidden = true;
  begin(at(event));
});
canvas.addEventListener("pointermove", (event) => {
  if (!stroke || !event.isPrimary || penDown) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const each of events.length ? events : [event]) extend(at(each));
});
for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => event.isPrimary && !penDown && end());
}

// With the keyboard: arrows move a cursor, the space bar puts the pen down and lifts it.
function showCursor() {
  cursor.style.left = `${(spot.x / canvas.width) * 100}%`;
  cursor.style.top = `${(spot.y / canvas.height) * 100}%`;
  cursor.dataset.down = String(penDown);
}

function lift() {
  if (!penDown) return;
  penDown = false;
  end();
  showCursor();
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function press(event) {
  const step = ((event.shiftKey ? 2 : 10) * canvas.width) / SIDE;
  if (event.key in ARROWS) {
    const [right, down] = ARROWS[event.key];
    spot = inside({ x: spot.x + right * step, y: spot.y + down * step });
    cursor.hidden = false;
    if (penDown) extend(spot);
  } else if (event.key === " ") {
    cursor.hidden = false;
    if (penDown) {
      lift();
    } else {
      begin(spot);
      // A dot is set by one press: there is nothing to draw on to.
      if (tool === "dot") end();
      else penDown = true;
    }
  } else {
    return false;
  }
  showCursor();
  return true;
}

canvas.addEventListener("keydown", (event) => {
  if (!event.ctrlKey && !event.metaKey && press(event)) event.preventDefault();
});
canvas.addEventListener("blur", () => {
  lift();
  cursor.hidden = true;
});

element.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") event.shiftKey ? redo() : undo();
    else if (key === "y") redo();
    else return;
    event.preventDefault();
  } else if (event.target.tagName !== "INPUT") {
    if (key === "p") choose("pen");
    else if (key === "e") choose("eraser");
    else if (key === "d" && overlay) choose("dot");
    else if (key === "escape") lift();
  }
});

const WHAT = {
  undo,
  redo,
  clear: () => !isBlank() && add({ tool: "clear" }),
};
for (const button of element.querySelectorAll("[data-does]")) {
  button.addEventListener("click", () => WHAT[button.dataset.does]());
}
for (const button of element.querySelectorAll("[data-tool]")) {
  button.addEventListener("click", () => choose(button.dataset.tool));
}
color?.addEventListener("input", () => choose("dot"));
acceptFiles(openPicture);
offerExamples(openPicture);
choose("pen");
redraw();
element.classList.add("fc-ready");
