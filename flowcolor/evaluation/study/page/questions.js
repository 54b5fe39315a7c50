// The pages between: a grade for each picture, or a choice between two.

function picture(page, letter, title) {
  return make("img", {
    src: `pictures/${page.pictures[letter]}`, alt: title, width: study.size, height: study.size,
  });
}

function gradeButtons(name, title) {
  const labels = texts[language].grades.map((word, index) =>
    make("label", {},
      make("input", { type: "radio", name, value: String(index + 1) }),
      make("span", {}, make("b", { textContent: index + 1 }), " ", word)));
  const group = make("fieldset", { id: `group-${name}` }, make("legend", { textContent: title }), ...labels.reverse());
  group.addEventListener("keydown", (event) => { // A digit grades the picture that has the focus.
    if (!/^[1-5]$/.test(event.key)) return;
    const choice = group.querySelector(`input[value="${event.key}"]`);
    choice.checked = true;
    choice.focus();
  });
  return group;
}

function showGrades(page) {
  const began = performance.now();
  const alert = make("p", { className: "alert", role: "alert" });
  const input = say(`input_${page.question}`);
  const places = page.shown.map((letter, index) => ({
    letter, label: String.fromCharCode(65 + index), title: say("picture", { LETTER: String.fromCharCode(65 + index) }),
  }));
  const next = () => {
    const grades = {};
    for (const { letter, label } of places) {
      const chosen = screen.querySelector(`input[name="${label}"]:checked`);
      if (!chosen) {
        alert.textContent = say("unanswered", { LETTER: label });
        screen.querySelector(`input[name="${label}"]`).focus();
        return;
      }
      grades[letter] = Number(chosen.value);
    }
    answer(page, began, { grades });
  };
  show(
    progress(),
    make("h1", { textContent: say(page.question) }),
    make("div", { className: "compare" },
      make("figure", { className: "given" },
        make("img", { src: `pictures/${page.input}`, alt: input, width: study.size, height: study.size }),
        make("figcaption", { textContent: input })),
      make("div", { className: "answers" }, ...places.map(({ letter, label, title }) =>
        make("div", { className: "answer", onchange: () => { alert.textContent = ""; } }, picture(page, letter, title), gradeButtons(label, title))))),
    alert,
    make("button", { type: "button", id: "next", textContent: say("next"), onclick: next }),
  );
}

const wait = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

// Show the pictures as the study wants it: both, both for a time, or one after the other.
async function present(page, stage, titles) {
  const pictures = page.shown.map((letter, index) => picture(page, letter, titles[index]));
  await Promise.all(pictures.map((image) => image.decode().catch(() => {}))); // Their time starts when they can be seen.
  const blank = () => make("div", { className: "blank" });
  if (study.layout === "after") {
    for (const image of pictures) {
      stage.replaceChildren(image);
      await wait(study.seconds);
      stage.replaceChildren(blank());
      await wait(0.5);
    }
  } else {
    stage.replaceChildren(...pictures);
    if (study.seconds) {
      await wait(study.seconds);
      stage.replaceChildren(blank(), blank());
    }
  }
}

function showChoice(page) {
  const began = performance.now();
  const timed = study.seconds > 0;
  const alert = make("p", { className: "alert", role: "alert" });
  const titles = study.layout === "after" ? [say("first"), say("second")] : [say("left"), say("right")];
  const stage = make("div", { className: "stage" });
  const choices = make("fieldset", { disabled: timed }, make("legend", { className: "hidden", textContent: say("fool") }),
    ...page.shown.map((letter, index) => make("label", {},
      make("input", { type: "radio", name: "choice", value: letter }), make("span", { textContent: titles[index] }))));
  const next = () => {
    const chosen = screen.querySelector("input[name=choice]:checked");
    if (chosen) answer(page, began, { chosen: chosen.value });
    else alert.textContent = say("choose_first");
  };
  const play = async () => {
    if (play.begun) return; // Timed pictures are shown once.
    play.begun = true;
    await present(page, stage, titles);
    choices.disabled = false;
  };
  const begin = make("button", { type: "button", id: "show", className: "quiet", textContent: say("show"), onclick: play });
  if (timed) stage.append(begin);
  show(
    progress(),
    make("h1", { textContent: say("fool") }),
    ...(study.layout === "after" ? [make("p", { textContent: say("watch") })] : []),
    stage,
    choices,
    alert,
    make("button", { type: "button", id: "next", textContent: say("next"), onclick: next }),
  );
  if (!timed) play();
}

if (session) proceed();
else showStart();
