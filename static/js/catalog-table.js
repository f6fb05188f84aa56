// Sorts by a second column, and shows the order of the table in the sort menu above it.
import { find } from "./page.js";

export const watchCatalogTable = () => {
  // A click with the shift key on the head of a second column sorts by both.
  document.addEventListener(
    "click",
    (event) => {
      const link = event.shiftKey && event.target.closest?.("a[data-then-by]");
      if (!link) return;
      event.preventDefault();
      event.stopPropagation();
      location.assign(link.dataset.thenBy);
    },
    true,
  );
  // The menu of a column opens the form of filters with this column.
  document.addEventListener("click", (event) => {
    const column = event.target.closest?.("button[data-column]")?.dataset.column;
    if (column !== undefined) find("#any-filter select[name=add-column]").value = column;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const order = find("#search select");
    // Morphing keeps the selected option, even after a click on a column header has set another order.
    if (order && event.detail.ctx.target?.id === "table") order.value = find("[selected]", order)?.value ?? "";
  });
};
