// Shows the order of the table in the sort menu above it.
import { find } from "./page.js";

export const watchCatalogTable = () => {
  document.addEventListener("htmx:after:swap", (event) => {
    const order = find("#search select");
    // Morphing keeps the selected option, even after a click on a column header has set another order.
    if (order && event.detail.ctx.target?.id === "table") order.value = find("[selected]", order)?.value ?? "";
  });
};
