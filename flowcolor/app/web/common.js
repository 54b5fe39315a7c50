// Both boxes, drawing and reference, begin with these lines: a way to open, paste and drop files.
const MOST_BYTES = props.most_bytes;
const $ = (selector) => element.querySelector(selector);
const problem = $(".fc-problem");

function complain(sentence) {
  problem.textContent = sentence;
  problem.hidden = !sentence;
}

function busy(on) {
  element.classList.toggle("fc-busy", on);
}

function asDataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error("The file cannot be read."));
    reader.readAsDataURL(file);
  });
}

function loadImage(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The file cannot be shown."));
    image.src = url;
  });
}

// The server reads the file, because it knows more formats than browsers, and hands back a PNG.
async function read(file) {
  if (file.size > MOST_BYTES) {
    const [most, got] = [MOST_BYTES, file.size].map((bytes) => Math.round(bytes / 2 ** 20));
    throw new Error(`The file expects at most ${most} MB, got ${got} MB.`);
  }
  let answer;
  try {
    answer = await server.open_upload(await asDataUrl(file));
  } catch {
    throw new Error("The server did not answer.");
  }
  if (answer?.problem) throw new Error(answer.problem);
  if (!answer?.picture) throw new Error("The server did not answer.");
  return answer.picture;
}

async function open(file, take) {
  if (!file) return;
  complain("");
  busy(true);
  try {
    await take(await read(file));
  } catch (error) {
    complain(error.message);
  } finally {
    busy(false);
  }
}

function offerExamples(take) {
  const row = $(".fc-examples");
  for (const { name, picture } of props.examples) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = name;
    const image = document.createElement("img");
    image.src = picture;
    image.alt = `${props.example_word}: ${name}`;
    button.append(image);
    button.addEventListener("click", () => {
      complain("");
      take(picture);
    });
    row.append(button);
  }
}

function acceptFiles(take) {
  for (const input of element.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      open(input.files[0], take);
      input.value = ""; // Otherwise the same file cannot be chosen twice.
    });
  }
  for (const button of element.querySelectorAll("button[data-opens]")) {
    button.addEventListener("click", () => $(`input.${button.dataset.opens}`).click());
  }
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    open(event.dataTransfer.files[0], take);
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
    const here = element.contains(document.activeElement);
    const elsewhere = document.activeElement.closest(".fc-box");
    if (pasted && (here || (!elsewhere && props.pasted_by_default))) open(pasted, take);
  });
}
