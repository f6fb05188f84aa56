// Highlights the chosen key column in the preview of a source.
import { find } from "./page.js";

const highlightKeyColumn = () => {
  for (const table of document.querySelectorAll(".source-preview table")) {
    const keyIndex = [...table.querySelectorAll("th")].findIndex((head) => find("input", head)?.checked);
    for (const row of table.rows) {
      [...row.cells].forEach((cell, index) => cell.classList.toggle("is-key", index === keyIndex));
    }
  }
};

export const watchSourcePreview = () => {
  document.addEventListener("DOMContentLoaded", highlightKeyColumn);
  document.addEventListener("change", (event) => {
    if (event.target.name === "key") highlightKeyColumn();
  });
};
