// The browser of examples. Everything from data becomes text nodes; nothing is ever parsed as HTML.

const PAGE = 10;
const LONG = 700; // longer texts open on what stands around their masks
const NEAR = 220;
const MASK = "<mask>";
// How serious each rung is; what cannot be judged stands between wrong and right.
const SERIOUS = { same: 0, synonym: 1, none: 2, unknown: 3, shared: 4, tone: 5, nothing: 6, reversed: 7 };
const EMOTIONS = ["anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust"];
const GOOD = 1 << 8;
const BAD = 1 << 9;
const READABLE = 80; // an example of its kind should be long enough to be understood

const list = document.getElementById("list");
const found = document.getElementById("found");
const form = document.getElementById("filters");
const place = document.getElementById("place");
const previous = document.getElementById("previous");
const next = document.getElementById("next");

let data;
let searchable = [];
let shown = [];
let page = 0;
let model = Number(document.querySelector("input[name=panel]:checked")?.value ?? 0);

async function unpack() {
  const binary = atob(document.getElementById("packed").textContent);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

function make(name, cls, ...children) {
  const element = document.createElement(name);
  if (cls) element.className = cls;
  element.append(...children); // strings become text nodes
  return element;
}

// --- which examples

function wordTest(value) {
  const asked = value.trim().toLowerCase();
  if (!asked) return null;
  const whole = data.words.includes(asked);
  return (number) => {
    const word = data.words[number] ?? "";
    return whole ? word === asked : word.startsWith(asked);
  };
}

// Softened and heightened: another level of the same family on the scale of intensity.
function strength(label, answer) {
  const [a, b] = [data.levels[label], data.levels[answer]];
  return a && b && a[0] === b[0] ? Math.sign(b[1] - a[1]) : 0;
}

function rung(i, k) {
  return data.ladder[data.runs[model].rungs[i][k]][0];
}

function others(i, k) {
  return data.runs.filter((_, r) => r !== model).map((run) => run.rungs[i][k] === "0");
}

const sign = (word) => Math.sign(data.bits[word] & GOOD) - Math.sign(data.bits[word] & BAD);
const turned = (i, k, label, side) => rung(i, k) === "reversed" && sign(label) === side;

const KIND_TESTS = {
  "good-to-bad": (i, k, label) => turned(i, k, label, 1),
  "bad-to-good": (i, k, label) => turned(i, k, label, -1),
  softened: (i, k, label, answer) => answer >= 0 && strength(label, answer) < 0,
  heightened: (i, k, label, answer) => answer >= 0 && strength(label, answer) > 0,
  apart: (i, k) => ["tone", "nothing", "reversed"].includes(rung(i, k)),
  alone: (i, k) => rung(i, k) === "same" && !others(i, k).some(Boolean),
  missed: (i, k) => rung(i, k) !== "same" && others(i, k).every(Boolean),
};

function kindTest(value) {
  if (!value) return null;
  if (KIND_TESTS[value]) return KIND_TESTS[value];
  if (value in SERIOUS) return (i, k) => rung(i, k) === value;
  return (i) => data.runs[model].reasons[i] === value;
}

function select() {
  const fields = form.elements;
  const person = wordTest(fields.person.value);
  const said = wordTest(fields.model.value);
  const kind = kindTest(fields.kind.value);
  const negated = fields.negated?.checked;
  const leaked = fields.leaked?.checked;
  const text = fields.text.value.trim().toLowerCase();
  const emotion = fields.emotion.value ? 1 << EMOTIONS.indexOf(fields.emotion.value) : 0;
  const run = data.runs[model];
  shown = [];
  data.labels.forEach((labels, i) => {
    // One and the same mask has to fit everything that is asked of masks.
    const fits = labels.some((label, k) => {
      const answer = run.answers[i]?.length === labels.length ? run.answers[i][k] : -1;
      const flag = data.flags?.[i][k] ?? 0;
      return (!person || person(label)) && (!said || said(answer))
        && (!kind || kind(i, k, label, answer)) && (!emotion || data.bits[label] & emotion)
        && (!negated || flag & 1) && (!leaked || flag & 2);
    });
    if (fits && (!text || haystack(i).includes(text))) shown.push(i);
  });
  sort(fields.order.value);
  page = 0;
  draw();
}

// --- in which order

function worst(i) {
  return Math.max(...data.labels[i].map((_, k) => SERIOUS[rung(i, k)]));
}

function size(i) {
  return data.texts?.[i].length ?? 0;
}

function sort(order) {
  const by = {
    kinds: (a, b) => worst(b) - worst(a),
    worst: (a, b) => worst(b) - worst(a),
    best: (a, b) => worst(a) - worst(b),
    short: (a, b) => size(a) - size(b),
    word: (a, b) => data.words[data.labels[a][0]].localeCompare(data.words[data.labels[b][0]]),
  }[order];
  if (by) shown.sort(by); // stable: otherwise as in the data
  if (order !== "kinds") return;
  const first = new Map();
  for (const i of shown) {
    const kept = first.get(worst(i));
    const better = kept === undefined || (size(i) >= READABLE && (size(kept) < READABLE || size(i) < size(kept)));
    if (better) first.set(worst(i), i);
  }
  const chosen = new Set(first.values());
  shown = [...chosen, ...shown.filter((i) => !chosen.has(i))];
}

function haystack(i) {
  searchable[i] ??= [
    data.ids[i], (data.texts?.[i] ?? "").replaceAll(MASK, " "), ...data.labels[i].map((n) => data.words[n]),
    ...data.runs.flatMap((run) => [run.completions[i] ?? "", ...(run.answers[i] ?? []).map((n) => data.words[n])]),
  ].join(" \n").toLowerCase();
  return searchable[i];
}

// --- one example

function box(i, k) {
  const run = data.runs[model];
  const labels = data.labels[i];
  const [kind, symbol, said] = data.ladder[run.rungs[i][k]];
  const whole = run.answers[i]?.length === labels.length;
  const answer = whole ? data.words[run.answers[i][k]] : "no answer";
  const flag = data.flags?.[i][k] ?? 0;
  const span = make("span", `mask rung-${kind}`);
  span.append(make("span", "said", "person: "), make("b", "", make("bdi", "", data.words[labels[k]])));
  span.append(make("span", "", ` ${symbol} `), make("span", "said", `${said}; model: `));
  span.append(make("bdi", "", answer));
  if (flag & 1) span.append(" ", make("span", "badge", "denied"));
  if (flag & 2) span.append(" ", make("span", "badge", "in the text"));
  span.title = said;
  return span;
}

function post(i) {
  const paragraph = make("p");
  paragraph.dir = "auto";
  if (!data.texts) {
    data.labels[i].forEach((_, k) => paragraph.append(box(i, k), " "));
    return paragraph;
  }
  const text = data.texts[i];
  const parts = text.split(MASK);
  parts.forEach((part, k) => {
    if (k > 0) paragraph.append(box(i, k - 1));
    paragraph.append(...(text.length > LONG ? folded(part, k > 0, k + 1 < parts.length) : [part]));
  });
  return paragraph;
}

// A part between two masks, or before the first, or after the last: its middle can be folded away.
function folded(part, after, before) {
  if (part.length < 2 * NEAR) return [part];
  const from = after ? part.lastIndexOf(" ", NEAR) : 0;
  const until = before ? part.indexOf(" ", Math.max(0, part.length - NEAR)) : part.length;
  if (from < 0 || until <= from) return [part];
  return [
    part.slice(0, from), make("span", "gap"),
    make("span", "rest", part.slice(from, until)), part.slice(until),
  ];
}

function unfold(text) {
  const button = make("button", "plain", "");
  button.type = "button";
  const show = (whole) => {
    text.classList.toggle("whole", whole);
    button.setAttribute("aria-expanded", whole);
    button.textContent = whole ? "Only around the hidden words" : "Whole text";
  };
  button.addEventListener("click", () => show(!text.classList.contains("whole")));
  show(Boolean(form.elements.text.value.trim())); // what is searched for must be seen
  return button;
}

function rivals(i) {
  const rows = make("ul");
  data.runs.forEach((run, r) => {
    if (r === model) return;
    const words = (run.answers[i] ?? []).map((n) => data.words[n]).join(", ");
    rows.append(make("li", "", make("bdi", "", run.name), ": ", make("bdi", "", words || `not scored (${run.reasons[i]})`)));
  });
  return rows;
}

function article(i) {
  const run = data.runs[model];
  const kinds = [...new Set(data.labels[i].map((_, k) => data.ladder[run.rungs[i][k]][2]))];
  const head = make("div", "head", make("b", "", kinds.join(", ")), make("span", "", "example ", make("bdi", "", data.ids[i])));
  if (data.copies[i] > 1) head.append(make("span", "badge", `${data.copies[i]} copies`));
  if (run.reasons[i]) head.append(make("span", "badge", `not scored: ${run.reasons[i]}`));
  const text = post(i);
  const whole = make("article", "", head, text);
  if (text.querySelector(".rest")) whole.append(unfold(text));
  if (data.runs.length > 1) whole.append(rivals(i));
  if (run.completions[i]) {
    const written = make("pre", "", run.completions[i]);
    written.dir = "auto";
    whole.append(make("details", "", make("summary", "", "As the model wrote it"), written));
  }
  return whole;
}

function draw() {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  const number = (n) => n.toLocaleString("en");
  const count = (rows) => rows.reduce((sum, i) => sum + data.copies[i], 0);
  const [fit, all] = [count(shown), count([...data.ids.keys()])];
  found.textContent = fit === all ? `All ${number(all)} examples.` : `${number(fit)} of ${number(all)} examples fit.`;
  list.replaceChildren(...shown.slice(page * PAGE, (page + 1) * PAGE).map(article));
  place.textContent = `Page ${number(page + 1)} of ${number(pages)}`;
  previous.disabled = page === 0;
  next.disabled = page + 1 >= pages;
}

function turn(step) {
  page += step;
  draw();
  const heading = document.getElementById("examples");
  heading.focus({ preventScroll: true });
  found.scrollIntoView({ block: "start" });
}

// --- start

// On a small screen the filters would hide the examples.
document.getElementById("folded").open = matchMedia("(min-width: 52rem)").matches;

function pick(group) {
  const radio = document.querySelector(`input[name=panel][value="${group.dataset.run}"]`);
  if (radio && !radio.checked) radio.click();
  for (const name of ["person", "model", "kind", "emotion", "text"]) form.elements[name].value = group.dataset[name] ?? "";
  for (const box of form.querySelectorAll("[type=checkbox]")) box.checked = false;
  select();
  document.getElementById("examples").focus({ preventScroll: true });
  document.getElementById("browser").scrollIntoView({ block: "start" });
}

found.textContent = "Unpacking the examples";
data = await unpack();
document.getElementById("words").append(
  ...[...data.words].sort().map((word) => {
    const option = document.createElement("option");
    option.value = word;
    return option;
  }),
);
let waiting;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(select, 120);
});
form.addEventListener("change", (event) => {
  // A text was heard of while it was typed; drawn again on leaving it, what is clicked would go.
  if (!event.target.matches("select, [type=checkbox]")) return;
  clearTimeout(waiting);
  select();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(select));
previous.addEventListener("click", () => turn(-1));
next.addEventListener("click", () => turn(1));
for (const group of document.querySelectorAll(".pick")) {
  group.addEventListener("click", (event) => {
    event.preventDefault();
    pick(group);
  });
}
document.addEventListener("model", (event) => {
  model = event.detail;
  select();
});
select();
