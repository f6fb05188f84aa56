// Shows the state of the run on screen, or of the runs of other catalogs, in the title and the icon of the tab.
import { find, findBadge, findPanel } from "./page.js";

const icon = find("#favicon");
const plainIcon = icon?.href;
const plainTitle = document.title;

// "63 %" while a run is active, "Failed" after a run that failed while the page was open.
const readState = () => {
  const { state, percent } = findPanel()?.dataset ?? {};
  if (state === "running") return { label: `${percent} %`, kind: "running" };
  if (state === "pending") return { label: "Queued", kind: "running" };
  if (state === "failed") return { label: "Failed", kind: "failed" };
  if (state === "completed") return { label: "Done", kind: null };
  const badge = findBadge();
  const isElsewhere = badge && !badge.hidden && find("[data-active='true']", badge);
  return isElsewhere
    ? { label: find("#badge-pill", badge).textContent.trim().replace(/\s+/g, " "), kind: "running" }
    : { label: "", kind: null };
};

export const showPageState = () => {
  const { label, kind } = readState();
  document.title = label ? `${label} · ${plainTitle}` : plainTitle;
  const href = kind ? icon.dataset[kind] : plainIcon;
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
};
