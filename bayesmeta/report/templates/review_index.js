"use strict";
const table = document.getElementById("outcomes");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const find = document.getElementById("find");
const flagged = document.getElementById("flagged");
const shown = document.getElementById("shown");

function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const kept = words.every((word) => text.includes(word))
      && (!flagged.checked || row.dataset.flagged !== "0");
    row.hidden = !kept;
    count += kept;
  }
  shown.textContent = count === rows.length ? "" : `${count} of ${rows.length} shown`;
}

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
}

function sort(header, column) {
  const descending = header.getAttribute("aria-sort") === "ascending";
  const numeric = header.dataset.sort === "number";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const sign = descending ? -1 : 1;
  rows.sort((one, two) => {
    const [a, b] = [value(one, column), value(two, column)];
    return sign * (numeric ? (parseFloat(a) || 0) - (parseFloat(b) || 0) : a.localeCompare(b));
  });
  body.append(...rows);
}

Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
  if (!header.dataset.sort) return;
  const button = document.createElement("button");
  button.textContent = header.textContent;
  header.replaceChildren(button);
  button.addEventListener("click", () => sort(header, column));
});
find.addEventListener("input", filter);
flagged.addEventListener("change", filter);
