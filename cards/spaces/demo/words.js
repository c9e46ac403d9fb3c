// The post as a list of words that can be marked. What is typed becomes text nodes, never HTML.
// Gradio calls this with `element`, `props`, `watch` and `trigger`.

const list = element.querySelector(".express-words");
const count = element.querySelector(".express-count");
let words = [];

const has = (name, i) => (props.value?.[name] ?? []).includes(i);

function make(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// One word can be reached by Tab, the others from there by arrows.
function reach(i, focus) {
  words.forEach((word, k) => { word.tabIndex = k === i ? 0 : -1; });
  if (focus) words[i].focus();
}

function paint() {
  window.expressPanel = props.value; // a question is asked with what is shown
  words.forEach((word, i) => {
    word.setAttribute("aria-pressed", String(has("marked", i)));
    word.classList.toggle("hint", has("hinted", i));
    const gap = word.nextSibling;
    gap?.classList.toggle("joined", has("marked", i) && has("marked", i + 1) && /^ +$/.test(gap.textContent));
  });
  const marked = [];
  words.forEach((word, i) => {
    if (!has("marked", i)) return;
    const before = word.previousSibling;
    if (before.classList.contains("joined")) marked.push(`${marked.pop()} ${word.textContent}`);
    else marked.push(word.textContent);
  });
  count.textContent = !words.length
    ? "The words of your post appear here."
    : marked.length ? `Marked: ${marked.join(", ")}` : "No word is marked yet.";
}

function draw() {
  const pieces = props.value?.pieces ?? [];
  words = [];
  list.replaceChildren(...pieces.map((piece, place) => {
    const made = make("span", piece);
    if (place % 2) {
      made.setAttribute("role", "button");
      made.className = "word";
      words.push(made);
    }
    return made;
  }));
  if (words.length) reach(Math.max(0, words.findIndex((_, i) => has("marked", i) || has("hinted", i))), false);
  paint();
}

function toggle(i) {
  const marked = has("marked", i)
    ? props.value.marked.filter((k) => k !== i)
    : [...props.value.marked, i].sort((a, b) => a - b);
  props.value = { ...props.value, marked };
  paint();
}

function step(i, key) {
  const back = getComputedStyle(list).direction === "rtl" ? "ArrowRight" : "ArrowLeft";
  const likely = (k) => has("marked", k) || has("hinted", k);
  const every = words.map((_, k) => k);
  switch (key) {
    case "Home": return 0;
    case "End": return words.length - 1;
    case "ArrowDown": return every.find((k) => k > i && likely(k)) ?? i;
    case "ArrowUp": return every.findLast((k) => k < i && likely(k)) ?? i;
    case "ArrowLeft":
    case "ArrowRight": return Math.min(words.length - 1, Math.max(0, key === back ? i - 1 : i + 1));
    default: return null;
  }
}

list.addEventListener("click", (event) => {
  const i = words.indexOf(event.target);
  if (i < 0) return;
  reach(i, true);
  toggle(i);
});

list.addEventListener("keydown", (event) => {
  const i = words.indexOf(event.target);
  if (i < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    toggle(i);
    return;
  }
  const next = step(i, event.key);
  if (next === null) return;
  event.preventDefault();
  reach(next, true);
});

watch("value", draw);
draw();
