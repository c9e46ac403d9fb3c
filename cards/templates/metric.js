// Two words against each other: the figures are the metric's own, computed when the page was made.

const pair = document.getElementById("pair");
const tried = JSON.parse(pair.dataset.tried);

function show() {
  const figures = tried[pair.elements.person.value][pair.elements.model.value];
  [...document.getElementById("figures").rows].forEach((row, place) => {
    figures[place].forEach((text, column) => { row.cells[column + 1].textContent = text; });
  });
}

pair.addEventListener("input", show);
show();
