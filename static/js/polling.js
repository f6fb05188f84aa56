// Polls only while the page is visible, and never twice for the same run.
import { findBadge, findPanel, isPanelPolling } from "./page.js";

const MIN_IMMEDIATE_POLL_INTERVAL_MS = 1000;

let lastImmediatePoll = 0;

const pollImmediately = () => {
  if (document.hidden || Date.now() - lastImmediatePoll < MIN_IMMEDIATE_POLL_INTERVAL_MS) return;
  lastImmediatePoll = Date.now();
  const poller = isPanelPolling() ? findPanel() : findBadge();
  if (poller) htmx.trigger(poller, "every", {}, false);
};

export const watchPolling = () => {
  // htmx can filter triggers with an expression, but evaluates it with eval, which the content security policy forbids.
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, sourceEvent } = event.detail.ctx;
    if (sourceEvent?.type !== "every") return;
    if (document.hidden || (sourceElement === findBadge() && isPanelPolling())) event.preventDefault();
  });
  document.addEventListener("visibilitychange", pollImmediately);
  window.addEventListener("focus", pollImmediately);
};
