// Tells the reader by a notification of the browser how a sync ended, if they asked for it and the tab is out of sight.
import { find, findBadge, findPanel } from "./page.js";

const STORAGE_KEY = "lockstep.notify";

// Runs that were seen active on this page, by their ids.
const activeRuns = new Set();

/** Whether this browser shows a notification when a run ends. */
export const wantsNotifications = () => {
  try {
    return localStorage.getItem(STORAGE_KEY) === "1" && Notification.permission === "granted";
  } catch {
    return false;
  }
};

const remember = (wanted) => {
  try {
    if (wanted) localStorage.setItem(STORAGE_KEY, "1");
    else localStorage.removeItem(STORAGE_KEY);
  } catch {
    // The choice then lasts until the next page.
  }
};

const isInSight = () => !document.hidden && document.hasFocus();

const notify = (sync, title, text) => {
  // The same tag in every tab: the browser shows one notification for each run.
  const notification = new Notification(title, { body: text, tag: sync, icon: find("#favicon").href });
  notification.addEventListener("click", () => window.focus());
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
  if (box.checked) box.checked = (await Notification.requestPermission()) === "granted";
  remember(box.checked);
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
