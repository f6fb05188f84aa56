// The badge: hides outcomes after a while, and updates the rest of the page when runs start or end.
import { find, findBadge, findPanel, isPanelPolling, routeLink } from "./page.js";
import { showPageState } from "./page-state.js";
import { recall, remember } from "./tab-memory.js";

const OUTCOME_VISIBLE_MS = 8000;

const requestedRuns = new Set();
let lastSignature = null;
let hideTimer;

const outcomeKey = (sync) => `lockstep.outcome-until.${sync}`;

/** Counts the outcome of a run as seen in this tab: the panel has shown it. */
export const markOutcomeSeen = (sync) => {
  if (!recall(outcomeKey(sync))) remember(outcomeKey(sync), Date.now());
};

// The time until which an outcome is shown: eight seconds after it was first visible in this tab, on any of its pages.
const outcomeEnd = ({ dataset: { sync } }) => {
  const end = Number(recall(outcomeKey(sync))) || Date.now() + OUTCOME_VISIBLE_MS;
  remember(outcomeKey(sync), end);
  return end;
};

const isListOpen = () => Boolean(find("#badge-list:popover-open"));

// Hides the badge once all of its outcomes were visible long enough. Its open list stays until it is closed.
const limitOutcomes = (badge, entries) => {
  clearTimeout(hideTimer);
  const isActive = entries.some(({ dataset }) => dataset.active === "true");
  if (isActive || entries.length === 0 || document.hidden) return;
  const left = Math.max(...entries.map(outcomeEnd)) - Date.now();
  badge.hidden = left <= 0 && !isListOpen();
  if (!badge.hidden) hideTimer = setTimeout(() => limitOutcomes(findBadge(), readEntries()), Math.max(left, 500));
};

const readEntries = () => [...(findBadge()?.querySelectorAll("[data-sync]") ?? [])];

// Pages that list runs reload their list when a run starts or ends.
const announceChanges = (entries) => {
  const signature = entries
    .map(({ dataset }) => dataset.sync + dataset.active)
    .sort()
    .join();
  if (lastSignature !== null && lastSignature !== signature) htmx.trigger("body", "runs:changed");
  lastSignature = signature;
};

// Loads a run of this catalog that was started elsewhere into the panel, which does not poll while nothing runs.
const showRunStartedElsewhere = (badge) => {
  const panel = findPanel();
  const { runOnScreen, isActive } = badge?.dataset ?? {};
  if (!panel || isPanelPolling() || !runOnScreen) return;
  const { slug, sync } = panel.dataset;
  const run = runOnScreen + isActive;
  // Sync ids sort by time.
  if (runOnScreen <= sync || requestedRuns.has(run)) return;
  requestedRuns.add(run);
  htmx.ajax("GET", routeLink(`/catalog/${slug}/sync-status?sync=${runOnScreen}`), {
    source: panel,
    target: panel,
    swap: "outerMorph",
  });
};

/** Lets the next response of the badge load the run on screen again: the request for it failed. */
export const forgetRequestedRuns = () => requestedRuns.clear();

// Lists of catalogs show the progress of each run.
const showProgress = (entries) => {
  for (const entry of entries) {
    const { active, slug } = entry.dataset;
    const state = active === "true" && find(`[data-state-of="${CSS.escape(slug)}"]`);
    if (state) state.textContent = find(".badge-run-state", entry).textContent;
  }
};

const updateBadge = () => {
  const badge = findBadge();
  const entries = readEntries();
  if (badge) limitOutcomes(badge, entries);
  showProgress(entries);
  announceChanges(entries);
  showRunStartedElsewhere(badge);
  showPageState();
};

export const watchBadge = () => {
  document.addEventListener("DOMContentLoaded", updateBadge);
  document.addEventListener("visibilitychange", updateBadge);
  document.addEventListener("htmx:after:swap", (event) => {
    // Responses for the panel, for the page of a run and for the list of sources bring the badge along.
    if (["panel", "run", "sync-badge", "sources"].includes(event.detail.ctx.target?.id)) updateBadge();
  });
};
