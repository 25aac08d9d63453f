// Keys of the explorer. Every action is a link, a button or a field of the page that bears its key
// in data-key; without this script the page works by pointer. Nothing of a run is read or written.
"use strict";
(() => {
  const help = document.getElementById("help");
  const form = document.querySelector("form.filters");
  const label = document.querySelector("form.label");
  const lines = [...document.querySelectorAll("a.line")];

  for (const field of form ? form.querySelectorAll("select, input[type=checkbox]") : []) {
    field.addEventListener("change", () => form.requestSubmit());
  }
  // addresses stay short: fields that say nothing are left out
  form?.addEventListener("submit", () => {
    for (const field of form.elements) {
      const usual = { place: "anywhere", sort: "run" }[field.name] ?? "";
      if (field.name && field.value === usual) field.disabled = true;
    }
  });
  window.addEventListener("pageshow", () => {
    for (const field of form ? form.elements : []) field.disabled = false;
  });
  label?.addEventListener("change", (event) => {
    if (event.target.name !== "concludes" || label.querySelector("[name=consistent]:checked")) return;
    const same = event.target.value === label.dataset.means;
    const open = ["none", "unclear"].includes(event.target.value);
    const said = open ? "unclear" : same ? "yes" : "no";
    label.querySelector(`[name=consistent][value=${said}]`).checked = true;
  });
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());

  const step = (by) => {
    const now = lines.indexOf(document.activeElement);
    const next = lines[Math.max(0, Math.min(lines.length - 1, now < 0 ? 0 : now + by))];
    next?.focus();
    next?.closest("tr")?.scrollIntoView({ block: "nearest" });
    return Boolean(next);
  };
  const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const alias = { ArrowDown: "j", ArrowUp: "k" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (help.open) {
      if (["?", "Escape"].includes(event.key)) { event.preventDefault(); help.close(); }
      return;
    }
    const at = event.target;
    const writes = at.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
    if (writes) {
      if (event.key === "Escape") at.blur();
      return;
    }
    if (event.key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.key === "Enter" && label && !at.closest("a, button, summary")) {
      event.preventDefault();
      label.requestSubmit();
      return;
    }
    if (event.key in moves && lines.length && step(moves[event.key])) {
      event.preventDefault();
      return;
    }
    if (event.key.startsWith("Arrow") && at.matches("input, .side")) return;
    const name = alias[event.key] ?? event.key;
    const wanted = document.querySelector(`[data-key="${CSS.escape(name)}"]`);
    if (wanted) {
      event.preventDefault();
      wanted.click();
    }
  });
})();
