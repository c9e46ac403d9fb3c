// The page's controls: theme, the model shown, and saving figures. No network is ever used.

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;

const root = document.documentElement;
const theme = document.getElementById("theme");
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
const nameTheme = () => { theme.textContent = isDark() ? "Light mode" : "Dark mode"; };
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
system.addEventListener("change", nameTheme);
nameTheme();

const panels = [...document.querySelectorAll(".panel")];
function showPanel(number) {
  for (const panel of panels) panel.hidden = panel.dataset.panel !== String(number);
  document.dispatchEvent(new CustomEvent("model", { detail: Number(number) }));
}
for (const radio of document.querySelectorAll("input[name=panel]")) {
  radio.addEventListener("change", () => showPanel(radio.value));
}
const chosen = document.querySelector("input[name=panel]:checked");
if (chosen) showPanel(chosen.value);

// What a stylesheet says is written into the drawing itself, because other programs do not read it.
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-linejoin", "paint-order", "opacity",
  "font-family", "font-size", "font-weight",
];

function standalone(svg) {
  const before = root.dataset.theme;
  root.dataset.theme = "light"; // paper is white
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((element, place) => {
    const style = getComputedStyle(element);
    const target = copies[place];
    for (const name of STYLES) target.setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "data-person", "data-model"]) target.removeAttribute(name);
  });
  if (before) root.dataset.theme = before;
  else delete root.dataset.theme;
  return new XMLSerializer().serializeToString(copy);
}

async function painted(xml, svg) {
  const scale = 4;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(xml)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = svg.viewBox.baseVal.width * scale;
  canvas.height = svg.viewBox.baseVal.height * scale;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// A cell that a spreadsheet would take for a formula is kept a text.
function cell(text) {
  const safe = /^[=@\t\r]|^[+-](?![\d.])/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
function numbers(figure) {
  const rows = [...figure.querySelectorAll("tr")];
  const lines = rows.map((row) => [...row.cells].map((one) => cell(one.textContent.trim())).join());
  return new Blob([lines.join("\r\n") + "\r\n"], { type: "text/csv" });
}

async function save(button) {
  const figure = button.closest("figure");
  const svg = figure.querySelector("svg");
  const kind = button.dataset.export;
  const blob =
    kind === "csv" ? numbers(figure)
    : kind === "svg" ? new Blob([standalone(svg)], { type: "image/svg+xml" })
    : await painted(standalone(svg), svg);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `express-${figure.id}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
for (const button of document.querySelectorAll("[data-export]")) {
  button.addEventListener("click", () => save(button));
}
