const picture = element.querySelector(".fc-picture");
const link = element.querySelector(".fc-download");
const hint = element.querySelector(".fc-hint");

const REST = 1200; // Milliseconds without another picture after which lines are checked.
let timer = null;

function stop() {
  clearTimeout(timer);
  timer = null;
}

function wait() {
  stop();
  timer = setTimeout(() => {
    timer = null;
    trigger("rested");
  }, REST);
}

function show() {
  const there = Boolean(props.value);
  stop();
  if (there) wait();
  if (there) picture.src = link.href = props.value;
  picture.hidden = link.hidden = !there;
  hint.hidden = there;
}

watch("value", show);
// A check that runs would keep the next stroke waiting.
document.addEventListener("fc-changed", stop);
for (const name of ["pointerdown", "pointermove", "keydown"]) {
  document.addEventListener(name, () => timer && wait());
}
show();
