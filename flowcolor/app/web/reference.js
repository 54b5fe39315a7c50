const shown = $(".fc-shown");

function show() {
  shown.src = props.value;
  for (const button of element.querySelectorAll(".fc-examples button")) {
    const chosen = button.querySelector("img").getAttribute("src") === props.value;
    button.setAttribute("aria-pressed", String(chosen));
  }
}

function take(url) {
  props.value = url;
  show();
  document.dispatchEvent(new Event("fc-changed"));
  trigger("input");
}

acceptFiles(take);
offerExamples(take);
show();
element.classList.add("fc-ready");
