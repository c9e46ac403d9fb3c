// The demonstration's choices, counted in the page alone.
const texts = [...document.querySelectorAll("fieldset.choices")];
const other = { person: "model", model: "person" };
const named = { person: "the writer's word", model: "the program's word" };

document.getElementById("show").addEventListener("click", () => {
  const counts = { person: 0, model: 0, both: 0, neither: 0 };
  let answered = 0;
  let first = 0;
  for (const text of texts) {
    const chosen = text.querySelector("input:checked")?.value;
    if (!chosen) continue;
    answered += 1;
    first += chosen === "first" ? 1 : 0;
    const sides = { first: text.dataset.first, second: other[text.dataset.first] };
    counts[sides[chosen] ?? chosen] += 1;
    const told = text.parentElement.querySelector(".told");
    told.textContent = `1 was ${named[sides.first]}, 2 was ${named[sides.second]}.`;
    told.hidden = false;
  }
  document.getElementById("counts").textContent = answered
    ? `Of ${answered} texts you chose the writer's word in ${counts.person}, the program's in ` +
      `${counts.model}, both in ${counts.both}, neither in ${counts.neither}; the option that ` +
      `stood first in ${first}.`
    : "Choose for at least one text first.";
});
