const picture = element.querySelector(".fc-picture");
const link = element.querySelector(".fc-download");
const hint = element.querySelector(".fc-hint");

function show() {
  const there = Boolean(props.value);
  if (there) picture.src = link.href = props.value;
  picture.hidden = link.hidden = !there;
  hint.hidden = there;
}

watch("value", show);
show();
