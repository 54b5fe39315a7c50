// The first and the last screen, and the way between them.

const screen = document.getElementById("screen");
let session = kept();
let language = (session && session.language) || (/^zh/i.test(navigator.language) ? "zh" : "en");
let plan = session ? planOf(study, session.participant) : [];

function say(name, values = {}) {
  const text = texts[language][name];
  return Object.entries(values).reduce((line, [word, value]) => line.replace(word, value), text);
}

function make(tag, properties = {}, ...children) {
  const { role, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  if (role) element.setAttribute("role", role);
  element.append(...children);
  return element;
}

function show(...children) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  document.title = say("title");
  screen.replaceChildren(...children);
  const heading = screen.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true }); // Screen readers begin here, and Tab goes on from here.
  window.scrollTo(0, 0);
}

function showStart() {
  const values = { PAGES: study.pages.length, MINUTES: Math.ceil(study.pages.length / 3) };
  const alert = make("p", { className: "alert", role: "alert" });
  const agree = make("input", { type: "checkbox", id: "agree" });
  const number = make("input", { id: "number", inputMode: "numeric", value: numberOfLink() });
  const start = () => {
    const given = number.value.trim();
    if (!agree.checked) {
      alert.textContent = say("agree_first");
      agree.focus();
    } else if (given && !(/^\d{1,10}$/.test(given) && given >= 1 && given <= 2147483647)) {
      alert.textContent = say("number_wrong");
      number.focus();
    } else {
      session = { participant: Number(given) || randomParticipant(), language, answers: [] };
      plan = planOf(study, session.participant);
      proceed();
    }
  };
  const languages = Object.keys(texts).map((code) =>
    make("button", {
      type: "button",
      lang: code,
      className: code === language ? "quiet chosen" : "quiet",
      textContent: texts[code].language,
      onclick: () => { language = code; showStart(); },
    }));
  show(
    make("nav", {}, ...languages),
    make("h1", { textContent: say("title") }),
    ...texts[language].consent.map((line) => make("p", {
      textContent: Object.entries(values).reduce((text, [word, value]) => text.replace(word, value), line),
    })),
    make("p", {}, make("label", {}, agree, ` ${say("agree")}`)),
    make("p", {}, make("label", { htmlFor: "number" }, say("number")), " ", number),
    alert,
    make("button", { type: "button", id: "start", textContent: say("start"), onclick: start }),
  );
}

// Go to the first page without an answer, or to the end.
function proceed() {
  keep(session);
  const page = plan[session.answers.length];
  if (!page || session.stopped) showEnd();
  else if (study.kind === "fool") showChoice(page);
  else showGrades(page);
}

function answer(page, began, given) {
  const seconds = Math.round((performance.now() - began) / 10) / 100;
  session.answers.push({ page: page.id, seconds, shown: page.shown, ...given });
  proceed();
}

function progress() {
  const values = { NUMBER: session.answers.length + 1, TOTAL: plan.length };
  const stop = () => { session.stopped = true; proceed(); };
  return make("header", {},
    make("label", {}, say("progress", values), " ",
      make("progress", { max: plan.length, value: session.answers.length })),
    make("button", { type: "button", id: "stop", className: "quiet", textContent: say("stop"), onclick: stop }));
}

function showEnd() {
  const file = fileOf(session);
  const text = make("textarea", { id: "answers", readOnly: true, rows: 8, value: file.text });
  const status = make("p", { className: "alert", role: "status" });
  const copy = async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(file.text);
    } catch {
      document.execCommand("copy"); // Pages from disk may have no clipboard of the new kind.
    }
    status.textContent = say("copied");
  };
  const again = () => { forget(); session = null; showStart(); };
  const goOn = () => { session.stopped = false; proceed(); };
  const button = (id, onclick, className = "quiet") =>
    make("button", { type: "button", id, className, textContent: say(id), onclick });
  show(
    make("h1", { textContent: say("thanks") }),
    make("p", { textContent: say("send") }),
    make("p", {}, button("download", () => download(file), "")),
    make("p", {}, make("label", { htmlFor: "answers" }, say("answers")), text),
    make("div", { className: "buttons" },
      button("copy", copy),
      ...(session.stopped ? [button("continue", goOn)] : []),
      button("again", again)),
    status,
  );
}
