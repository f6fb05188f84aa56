// Polls only while the page is visible, never twice for the same run, and more slowly while the server does not answer.
import { wantsNotifications } from "./notifications.js";
import { findBadge, findPanel, findRunPage, isPanelPolling, isRunPagePolling } from "./page.js";

const MIN_POLL_INTERVAL_MS = 1000;
const MAX_RETRY_DELAY_S = 10;
// How often a hidden tab polls whose reader wants to be notified of the end of a run. Other hidden tabs never poll.
const HIDDEN_POLL_INTERVAL_MS = 30000;

// Per polling element, by its id: how often it got no answer in a row, and the timer of its next try.
const failures = new Map();

let lastPoll = 0;
// The run that the console names.
let loggedRun = "";

const poll = (element) => htmx.trigger(element, "every", {}, false);

const clearFailures = (id) => {
  clearTimeout(failures.get(id)?.timer);
  failures.delete(id);
};

/** Tries again after 2, 4, 8 and then 10 seconds, until the server answers. */
export const delayNextPoll = (element) => {
  const { id } = element;
  const count = (failures.get(id)?.count ?? 0) + 1;
  const delay = Math.min(2 ** count, MAX_RETRY_DELAY_S);
  clearTimeout(failures.get(id)?.timer);
  const retry = () => {
    const failure = failures.get(id);
    if (!failure) return;
    failure.timer = null;
    const poller = document.getElementById(id);
    if (poller?.hasAttribute("hx-get")) poll(poller);
    else failures.delete(id);
  };
  failures.set(id, { count, timer: setTimeout(retry, delay * 1000) });
  if (loggedRun) console.info(`Lockstep: no answer about ${loggedRun}, trying again in ${delay} s`);
};

// The panel and the page of a run bring the badge along.
const findPoller = () => {
  if (isPanelPolling()) return findPanel();
  return isRunPagePolling() ? findRunPage() : findBadge();
};

const isWaiting = (element) => Boolean(failures.get(element.id)?.timer);

// Whether the tab is hidden and must not poll now.
const isHiddenPoll = () => {
  if (!document.hidden) return false;
  if (!wantsNotifications() || Date.now() - lastPoll < HIDDEN_POLL_INTERVAL_MS) return true;
  lastPoll = Date.now();
  return false;
};

const pollImmediately = () => {
  if (document.hidden || Date.now() - lastPoll < MIN_POLL_INTERVAL_MS) return;
  lastPoll = Date.now();
  const poller = findPoller();
  if (!poller) return;
  clearFailures(poller.id);
  poll(poller);
};

// Names the run in the console, so that it can be found in the log of the server.
const logFollowedRun = () => {
  const { sync, state } = findPanel()?.dataset ?? {};
  if (isPanelPolling() && sync !== loggedRun) {
    loggedRun = sync;
    console.info(`Lockstep: following ${sync}`);
  } else if (!isPanelPolling() && loggedRun) {
    console.info(`Lockstep: ${loggedRun} ${state ?? "ended"}`);
    loggedRun = "";
  }
};

export const watchPolling = () => {
  logFollowedRun();
  // htmx can filter triggers with an expression, but evaluates it with eval, which the content security policy forbids.
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, sourceEvent } = event.detail.ctx;
    if (sourceEvent?.type !== "every") return;
    const isCovered = sourceElement === findBadge() && findPoller() !== sourceElement;
    if (isCovered || isWaiting(sourceElement) || isHiddenPoll()) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    clearFailures(event.detail.ctx.sourceElement?.id);
    logFollowedRun();
  });
  document.addEventListener("visibilitychange", pollImmediately);
  window.addEventListener("focus", pollImmediately);
};
