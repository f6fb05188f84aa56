// Shows a notification of the browser when a sync ends, if the reader switched it on and does not see the tab.
import { recallChoice, storeChoice } from "./browser-choices.js";
import { find, findBadge, findPanel } from "./page.js";

const STORAGE_KEY = "lockstep.notify";

// Runs that were seen active on this page, by their ids.
const activeRuns = new Set();

/** Whether this browser shows a notification when a run ends. */
export const wantsNotifications = () =>
  recallChoice(STORAGE_KEY) === "1" && "Notification" in window && Notification.permission === "granted";

const isInSight = () => !document.hidden && document.hasFocus();

const notify = (sync, title, text) => {
  try {
    // The same tag in every tab: the browser shows one notification for each run.
    const notification = new Notification(title, { body: text, tag: sync, icon: find("#favicon").href });
    notification.addEventListener("click", () => window.focus());
  } catch {
    // Browsers of phones allow it for installed pages only.
  }
};

const watchRun = (sync, isActive, title, text) => {
  if (isActive) activeRuns.add(sync);
  else if (activeRuns.delete(sync) && !isInSight() && wantsNotifications()) notify(sync, title, text);
};

const checkRuns = () => {
  const panel = findPanel();
  const { sync, active, state } = panel?.dataset ?? {};
  if (state) {
    watchRun(sync, active === "true", find("h1").textContent, find("#panel-announcement").textContent);
  }
  for (const entry of findBadge()?.querySelectorAll("[data-sync]") ?? []) {
    const name = find(".badge-run-name", entry).textContent;
    watchRun(entry.dataset.sync, entry.dataset.active === "true", name, find(".badge-run-state", entry).textContent);
  }
};

const choose = async (box) => {
  if (box.checked && (await Notification.requestPermission()) !== "granted") {
    box.checked = false;
    box.disabled = true;
    find("#notify-choice-label").append(" (blocked by this browser)");
  }
  storeChoice(STORAGE_KEY, box.checked ? "1" : null);
};

export const watchNotifications = () => {
  const box = find("#notify-choice");
  if (!box) return;
  if (!("Notification" in window)) {
    find("#notify-choice-label").remove();
    return;
  }
  box.checked = wantsNotifications();
  box.addEventListener("change", () => choose(box));
  checkRuns();
  document.addEventListener("htmx:after:swap", checkRuns);
};
