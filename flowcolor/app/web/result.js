const picture = element.querySelector(".fc-picture");
const link = element.querySelector(".fc-download");
const hint = element.querySelector(".fc-hint");

const REST = 1200; // Milliseconds without another picture after which lines are checked.
let timer = null;

function show() {
  const there = Boolean(props.value);
  clearTimeout(timer);
  if (there) timer = setTimeout(() => trigger("rested"), REST);
  if (there) picture.src = link.href = props.value;
  picture.hidden = link.hidden = !there;
  hint.hidden = there;
}

watch("value", show);
show();
