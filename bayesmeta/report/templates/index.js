"use strict";
const table = document.getElementById("rows");
const body = table.tBodies[0];
const headers = Array.from(table.tHead.rows[0].cells);
const rows = Array.from(body.rows);
const find = document.getElementById("find");
const flagged = document.getElementById("flagged");
const shown = document.getElementById("shown");

// Accents and capitals make no difference: rover finds Röver.
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));

function filter() {
  const words = plain(find.value).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of rows) {
    const kept = words.every((word) => texts.get(row).includes(word))
      && (!flagged.checked || row.dataset.flagged !== "0");
    row.hidden = !kept;
    count += kept;
  }
  shown.textContent = count === rows.length ? `all ${count} shown` : `${count} of ${rows.length} shown`;
}

function value(row, column, numeric) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  return numeric ? parseFloat(text) : text;
}

// Rows without a number stay last, whichever way the others go.
function compare(a, b, sign) {
  if (typeof a === "string") return sign * a.localeCompare(b, undefined, { numeric: true });
  return Number.isNaN(a) - Number.isNaN(b) || sign * Math.sign(a - b) || 0;
}

function sort(header, column) {
  const descending = header.getAttribute("aria-sort") === "ascending";
  const numeric = header.dataset.sort === "number";
  for (const other of headers) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const sign = descending ? -1 : 1;
  rows.sort((one, two) => compare(value(one, column, numeric), value(two, column, numeric), sign));
  body.append(...rows);
}

headers.forEach((header, column) => {
  if (!header.dataset.sort) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = header.textContent;
  header.replaceChildren(button);
  button.addEventListener("click", () => sort(header, column));
});
find.addEventListener("input", filter);
flagged.addEventListener("change", filter);
document.getElementById("tools").hidden = false;
filter();
