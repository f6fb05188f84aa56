// Keeps the page as it is when a request fails, and shows what happened.
import { forgetRequestedRuns } from "./badge.js";
import { find, findBadge, findPanel, findRunPage, isPanelPolling, isRunPagePolling, routeLink } from "./page.js";
import { delayNextPoll } from "./polling.js";

const RETRY_DELAY_MS = 3000;

const isPanel = (element) => element?.id === "panel";

const showPanelNote = (text, link) => {
  const note = find("#panel-note");
  if (!note) return;
  note.textContent = text;
  if (link) note.append(" ", Object.assign(document.createElement("a"), link));
};

const stopPolling = (element) => {
  for (const name of ["hx-get", "hx-trigger"]) element.removeAttribute(name);
  htmx.process(element, true);
  delete element.dataset.state;
};

const signInLink = () => ({
  href: routeLink("/login?next=") + encodeURIComponent(location.pathname + location.search),
  textContent: "Log in again.",
});

const showPanelFailure = (ctx, status, reason, isSignedOut) => {
  const isPoll = ctx.request.method === "GET";
  if (isSignedOut) {
    stopPolling(findPanel());
    showPanelNote("You were logged out.", signInLink());
  } else if (status === 403) {
    showPanelNote("You don't have permission to do that.");
  } else if (status === 404) {
    stopPolling(findPanel());
    showPanelNote("This sync no longer exists.", { href: location.href, textContent: "Reload the page." });
  } else if (reason?.startsWith("database_")) {
    showPanelNote(isPoll ? "Database unavailable, retrying…" : ctx.text);
    if (isPoll) delayNextPoll(ctx.sourceElement);
  } else if (isPoll) {
    showPanelNote("Connection lost, retrying…");
    if (isPanelPolling()) delayNextPoll(ctx.sourceElement);
    else forgetRequestedRuns();
  } else {
    showPanelNote("The request did not reach the server. Check your connection and try again.");
  }
  findPanel().classList.toggle("is-lost", status !== 403);
};

// The page of a run stays as it is, and polls again later.
const showRunPageFailure = (ctx, status, reason, isSignedOut) => {
  let text = "Connection lost, retrying…";
  if (isSignedOut) text = "You were logged out. Reload the page to log in again.";
  else if (status === 403 || status === 404) text = "This sync can no longer be shown. Reload the page.";
  else if (reason?.startsWith("database_")) text = "Database unavailable, retrying…";
  if (isSignedOut || status === 403 || status === 404) stopPolling(ctx.sourceElement);
  else delayNextPoll(ctx.sourceElement);
  find("#trouble").textContent = text;
};

const showFailure = (ctx) => {
  const status = ctx.response?.status;
  // Lockstep sets this header on its errors. A proxy's error page does not have it.
  const reason = ctx.response?.raw?.headers?.get("lockstep-reason");
  const isSignedOut =
    status === 401 || new URL(ctx.response?.raw?.url || location.href).pathname === routeLink("/login");
  if (isPanel(ctx.target)) {
    showPanelFailure(ctx, status, reason, isSignedOut);
  } else if (ctx.sourceElement === findRunPage() && isRunPagePolling()) {
    showRunPageFailure(ctx, status, reason, isSignedOut);
  } else if (/^(stopPolling|runs:changed|retry)$/.test(ctx.sourceEvent?.type)) {
    // The table loads once after a sync, and the panel no longer polls: without a retry it would stay out of date.
    setTimeout(() => htmx.trigger(ctx.sourceElement, "retry", {}, false), RETRY_DELAY_MS);
  } else if (ctx.sourceElement === findBadge()) {
    if (isSignedOut) ctx.sourceElement.removeAttribute("hx-get");
    // Its usual interval while nothing runs is longer than any delay.
    else if (/^every 2s/.test(ctx.sourceElement.getAttribute("hx-trigger"))) delayNextPoll(ctx.sourceElement);
  } else {
    let text = "The server did not respond. Try again in a moment.";
    if (isSignedOut) text = "You were logged out. Reload the page to log in again.";
    else if (reason) text = ctx.text;
    find("#trouble").textContent = text;
  }
};

export const watchFailures = () => {
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const isRefused = ctx.swap === "none";
    // A proxy's page or a login page may come with any status, so only a panel may replace a panel, and a run a run.
    const isForeignPage =
      (isPanel(ctx.target) && !/^\s*<section id="panel"/.test(ctx.text)) ||
      (isRunPagePolling() && ctx.target === findRunPage() && !/<div id="run" /.test(ctx.text));
    if (isRefused || isForeignPage) {
      event.preventDefault();
      showFailure(ctx);
    } else if (ctx.sourceElement !== findBadge()) {
      find("#trouble").textContent = "";
    }
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) showFailure(event.detail.ctx);
  });
};
