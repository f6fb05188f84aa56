// The badge: hides outcomes after a while, and updates the rest of the page when runs start or end.
import { find, findBadge, findPanel, isPanelPolling, routeLink } from "./page.js";
import { recall, remember } from "./tab-memory.js";

const OUTCOME_VISIBLE_MS = 8000;

const requestedRuns = new Set();
let lastSignature = null;

// Hides an outcome eight seconds after it was first visible in this tab, on any of its pages.
const limitOutcome = (entry) => {
  if (document.hidden) return;
  const { sync } = entry.dataset;
  const key = `lockstep.outcome-until.${sync}`;
  const end = Number(recall(key)) || Date.now() + OUTCOME_VISIBLE_MS;
  remember(key, end);
  entry.hidden = end <= Date.now();
  if (entry.hidden) return;
  setTimeout(() => find(`[data-sync="${sync}"]`, findBadge())?.setAttribute("hidden", ""), end - Date.now());
};

// Pages that list runs reload their list when a run starts or ends.
const announceChanges = (entries) => {
  const signature = entries
    .map((entry) => entry.dataset.sync + entry.dataset.active)
    .sort()
    .join();
  if (lastSignature !== null && lastSignature !== signature) htmx.trigger("body", "runs:changed");
  lastSignature = signature;
};

// Loads a run of this catalog that was started elsewhere into the panel, which does not poll while nothing runs.
const showRunStartedElsewhere = (entries) => {
  const panel = findPanel();
  if (!panel || isPanelPolling()) return;
  const { slug, sync } = panel.dataset;
  // Sync ids sort by time.
  const entry = entries.find(({ dataset }) => dataset.slug === slug && dataset.sync > sync);
  if (!entry) return;
  const run = entry.dataset.sync + entry.dataset.active;
  if (requestedRuns.has(run)) return;
  requestedRuns.add(run);
  htmx.ajax("GET", routeLink(`/catalog/${slug}/sync-status?sync=${entry.dataset.sync}`), {
    source: panel,
    target: panel,
    swap: "outerMorph",
  });
};

const updateBadge = () => {
  const entries = [...(findBadge()?.children ?? [])];
  for (const entry of entries) {
    const { active, slug, standing } = entry.dataset;
    if (active === "true") {
      const state = find(`[data-state-of="${CSS.escape(slug)}"]`);
      if (state) state.textContent = standing;
    } else {
      limitOutcome(entry);
    }
  }
  announceChanges(entries);
  showRunStartedElsewhere(entries);
};

export const watchBadge = () => {
  document.addEventListener("DOMContentLoaded", updateBadge);
  document.addEventListener("visibilitychange", updateBadge);
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id === "sync-badge") updateBadge();
  });
};
