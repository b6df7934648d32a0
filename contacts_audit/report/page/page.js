// Adds folding, filters, sorting and copying. Without it the page still shows everything.
"use strict";

document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("table");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const announced = document.getElementById("announced");
  const all = document.getElementById("all");
  const boxes = [...document.querySelectorAll(".verdicts input")];
  const verdicts = boxes.map((box) => box.value);
  const rows = [...table.tBodies]; // in the order of the report
  const collator = new Intl.Collator("en", { numeric: true });

  // Folding

  function open(row, wanted) {
    row.classList.toggle("opened", wanted);
    row.querySelector(".open").setAttribute("aria-expanded", wanted);
  }

  function visible() {
    return rows.filter((row) => !row.hidden);
  }

  function labelAll() {
    const closed = visible().some((row) => !row.classList.contains("opened"));
    all.textContent = closed ? "Expand all" : "Collapse all";
    return closed;
  }

  all.addEventListener("click", () => {
    const wanted = labelAll();
    for (const row of visible()) open(row, wanted);
    labelAll();
  });

  table.addEventListener("click", (event) => {
    const row = event.target.closest(".row")?.parentElement;
    const selecting = !event.target.closest("button") && String(getSelection());
    if (row && !selecting) {
      open(row, !row.classList.contains("opened"));
      labelAll();
    }
  });

  // Filters: show rows of a checked verdict (of all if none is checked) that contain every word

  const texts = new Map();

  function text(row) {
    if (!texts.has(row)) {
      const cells = row.querySelectorAll(".row > *, dd");
      texts.set(row, [...cells].map((cell) => cell.textContent).join("\n").toLowerCase());
    }
    return texts.get(row);
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const checked = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const row of rows) {
      const wanted = checked.size === 0 || checked.has(row.dataset.verdict);
      row.hidden = !(wanted && words.every((word) => text(row).includes(word)));
    }
    shown.textContent = `${visible().length} of ${rows.length} shown`;
    labelAll();
  }

  search.addEventListener("input", filter);
  for (const box of boxes) box.addEventListener("change", filter);

  // Sorting: up, down, and back to the order of the report

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

  function sorted(column, direction) {
    if (direction === "none") return rows;
    const key = column === 0
      ? (row) => String(verdicts.indexOf(row.dataset.verdict))
      : (row) => row.rows[0].cells[column].textContent;
    const keys = new Map(rows.map((row) => [row, key(row)]));
    const sign = direction === "ascending" ? 1 : -1;
    return [...rows].sort((one, other) => sign * collator.compare(keys.get(one), keys.get(other)));
  }

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.firstElementChild;
    button.disabled = false;
    button.addEventListener("click", () => {
      const direction = NEXT[head.getAttribute("aria-sort") ?? "none"];
      for (const each of heads) each.removeAttribute("aria-sort");
      if (direction !== "none") head.setAttribute("aria-sort", direction);
      const fragment = document.createDocumentFragment();
      fragment.append(...sorted(column, direction));
      table.append(fragment);
    });
  });

  // Copying; by way of a text field if the browser denies access to the clipboard

  async function copy(command) {
    try {
      await navigator.clipboard.writeText(command);
      return true;
    } catch {
      const field = document.createElement("textarea");
      field.value = command;
      field.className = "unseen";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }

  table.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const done = await copy(button.previousElementSibling.textContent);
    button.focus();
    button.textContent = done ? "Copied" : "Not copied";
    announced.textContent = done ? "The command is copied." : "The browser refused. Copy the command by hand.";
    setTimeout(() => {
      button.textContent = "Copy";
      announced.textContent = "";
    }, 2000);
  });

  filter();
});
