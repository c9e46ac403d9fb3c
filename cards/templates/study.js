// Keys for a study's page: numbers choose, Enter saves, arrows move. Without it the form works too.
"use strict";

const form = document.getElementById("answer");
if (form) {
  const press = (value) => {
    const button = form.querySelector(`button[value=${value}]`);
    if (!button.disabled) button.click();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const where = event.target;
    if (where instanceof HTMLTextAreaElement) return;
    const option = form.querySelectorAll("input[name=choice]")[Number(event.key) - 1];
    if (option) {
      option.checked = true;
      option.focus();
    } else if (event.key === "Enter" && !where.closest("button, a, summary")) press("next");
    else if (event.key === "ArrowLeft" && where.type !== "radio") press("back");
    else if (event.key === "ArrowRight" && where.type !== "radio") press("skip");
    else return;
    event.preventDefault();
  });
  // A second click while the first is on its way would only show a refusal.
  form.addEventListener("submit", () => {
    setTimeout(() => form.querySelectorAll("button").forEach((b) => (b.disabled = true)), 0);
  });
  addEventListener("pageshow", (event) => {
    // From the browser's memory the page would be old: another window may have answered since.
    if (event.persisted) location.reload();
  });
}
