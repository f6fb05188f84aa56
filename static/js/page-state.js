// Shows the state of the run on screen, or of the runs of other catalogs, in the title and the icon of the tab.
import { isFollowed } from "./followed-runs.js";
import { find, findBadge, findPanel } from "./page.js";

const OUTCOMES = {
  completed: { label: "Done", icon: null },
  failed: { label: "Failed", icon: "failed" },
};

const icon = find("#favicon");
const plainIcon = icon?.getAttribute("href");
const plainTitle = document.title;

// "63 %" while a run is active, and its outcome afterwards.
const readState = () => {
  const { sync, active, state, percent } = findPanel()?.dataset ?? {};
  if (state && active === "true") return { label: state === "pending" ? "Queued" : `${percent} %`, icon: "running" };
  if (isFollowed(sync) && OUTCOMES[state]) return OUTCOMES[state];
  const badge = findBadge();
  const isElsewhere = badge && !badge.hidden && find("[data-active='true']", badge);
  if (!isElsewhere) return { label: "", icon: null };
  return { label: find("#badge-pill", badge).textContent.trim().replace(/\s+/g, " "), icon: "running" };
};

export const showPageState = () => {
  const state = readState();
  document.title = state.label ? `${state.label} · ${plainTitle}` : plainTitle;
  const href = state.icon ? icon.dataset[state.icon] : plainIcon;
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
};

export const watchPageState = () => {
  // htmx sets the title of a page that it has loaded a part of.
  document.addEventListener("htmx:finally:request", showPageState);
};
