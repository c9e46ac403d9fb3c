// Order, ranks and filters of the tables. All rows are in the page already; nothing is fetched.

const form = document.getElementById("filters");
const tables = [...document.querySelectorAll("table.board")];
const rankBy = document.getElementById("rank-by");
const order = { key: rankBy?.value, down: true };

const cell = (row, key) => row.querySelector(`[data-key="${key}"]`);
const rowsOf = (table) => [...table.tBodies[0].rows];

// Values that are not known come last, whatever the direction.
function compare(a, b, kind) {
  const [one, other] = [a, b].map((row) => cell(row, order.key).dataset.value);
  if (one === "" || other === "") return (one === "") - (other === "");
  const apart = kind === "text" ? one.localeCompare(other, "en") : Number(one) - Number(other);
  return order.down ? -apart : apart;
}

function arrange() {
  const title = rankBy.selectedOptions[0].textContent;
  for (const table of tables) {
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.head !== order.key) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    }
    const { kind } = table.querySelector(`[data-head="${order.key}"]`).dataset;
    table.tBodies[0].append(...rowsOf(table).sort((a, b) => compare(a, b, kind)));
    table.querySelector(".by").textContent = title;
    for (const row of rowsOf(table)) {
      const { rank, tied } = cell(row, rankBy.value).dataset;
      const group = document.createElement("small");
      group.textContent = tied && `group ${tied}`;
      cell(row, "rank").replaceChildren(rank, group);
      for (const figure of row.querySelectorAll(".figure")) {
        figure.classList.toggle("chosen", figure.dataset.key === rankBy.value);
      }
    }
  }
}

function orderBy(key, kind) {
  // What is better or newer comes first, names from A to Z.
  const first = kind === "figure" || key === "date";
  order.down = order.key === key ? !order.down : first;
  order.key = key;
  if (kind === "figure") rankBy.value = key;
  arrange();
}

function addButtons() {
  for (const head of document.querySelectorAll("[data-head]")) {
    const { head: key, kind } = head.dataset;
    if (!kind) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => orderBy(key, kind));
    head.replaceChildren(button);
  }
}

function fits(row, words) {
  const asked = form.elements;
  for (const name of ["family", "setting", "decoding"]) {
    if (asked[name].value && row.dataset[name] !== asked[name].value) return false;
  }
  const { least, most } = asked;
  if (least.value || most.value) {
    if (row.dataset.size === "") return false;
    const size = Number(row.dataset.size);
    if (least.value && size < Number(least.value)) return false;
    if (most.value && size > Number(most.value)) return false;
  }
  const text = [...row.querySelectorAll("[data-search]")].map((part) => part.textContent);
  return words.every((word) => text.join(" ").toLowerCase().includes(word));
}

function filter() {
  const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = new Map();
  for (const table of tables) {
    const rows = rowsOf(table);
    for (const row of rows) row.hidden = !fits(row, words);
    const shown = rows.filter((row) => !row.hidden).length;
    const section = table.closest("section");
    section.querySelector(".none").hidden = shown > 0;
    section.querySelector(".scroll").hidden = shown === 0;
    const { panel } = table.closest(".panel").dataset;
    const [found, total] = counts.get(panel) ?? [0, 0];
    counts.set(panel, [found + shown, total + rows.length]);
  }
  // Every panel has the same runs: the first, without published figures, tells their number.
  const [found, total] = counts.get("0");
  const unknown = form.elements.least.value || form.elements.most.value;
  document.getElementById("found").textContent =
    (found === total ? `All ${total} rows.` : `${found} of ${total} rows fit.`) +
    (unknown ? " Models whose names do not tell their size are left out." : "");
}

if (tables.length) {
  addButtons();
  arrange();
  filter();
  rankBy.addEventListener("change", () => {
    order.key = rankBy.value;
    order.down = true;
    arrange();
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    order.key = rankBy.value;
    order.down = true;
    arrange();
    filter();
  }));
}
