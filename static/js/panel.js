// The sync panel: opens on the click, counts down the cooldown of the Sync button, and updates what shows its run.
import { markOutcomeSeen } from "./badge.js";
import { followRun, isFollowed } from "./followed-runs.js";
import { find, findPanel, isPanelPolling } from "./page.js";
import { showPageState } from "./page-state.js";

const COOLDOWN_TICK_MS = 250;

let cooldownTimer;
// The run of which the reader wants to see everything.
let expandedRun = null;

// Counts the seconds in the Sync button until it may be pressed again.
const startCooldown = (button) => {
  const end = Date.now() + Number(button.dataset.cooldown) * 1000;
  delete button.dataset.cooldown;
  clearInterval(cooldownTimer);
  const updateButton = () => {
    const syncButton = find("#panel-sync");
    const secondsLeft = Math.ceil((end - Date.now()) / 1000);
    const isOver = secondsLeft <= 0 || isPanelPolling();
    if (isOver) clearInterval(cooldownTimer);
    if (!syncButton || isPanelPolling()) return;
    syncButton.disabled = !isOver;
    find(".sync-buttons-label", syncButton).textContent = isOver ? "Sync" : `Sync (${secondsLeft})`;
  };
  cooldownTimer = setInterval(updateButton, COOLDOWN_TICK_MS);
  updateButton();
};

// The card of a run that was followed here keeps its height until the reader asks for all of it.
const keepHeight = (panel) => {
  const { sync } = panel.dataset;
  if (isPanelPolling()) followRun(sync);
  const isFixed = isFollowed(sync) && expandedRun !== sync;
  panel.classList.toggle("is-watched", isFixed);
  const main = find(".panel-main", panel);
  panel.classList.toggle("is-clipped", isFixed && main?.scrollHeight > main?.clientHeight + 1);
};

const showWholeResult = () => {
  expandedRun = findPanel().dataset.sync;
  keepHeight(findPanel());
};

const updatePanel = () => {
  const panel = findPanel();
  if (!panel) return;
  keepHeight(panel);
  const button = find("[data-cooldown]", panel);
  if (button) startCooldown(button);
  const { sync, active, state } = panel.dataset;
  if (state && active === "false") markOutcomeSeen(sync);
  showPageState();
};

// A form that starts a run opens the whole card at once, with the height that it keeps until the run has ended.
const openCard = (form) => {
  if (!form.matches?.("#panel [data-starts-run]")) return;
  const panel = findPanel();
  const hadFocus = panel.contains(document.activeElement);
  const menu = find("#panel-menu");
  if (menu) menu.open = false;
  panel.classList.add("is-starting");
  // The pressed button may be hidden now.
  if (hadFocus && !document.activeElement?.checkVisibility()) panel.focus({ preventScroll: true });
};

const closeUnansweredCard = (form) => {
  if (form.matches?.("[data-starts-run]")) findPanel()?.classList.remove("is-starting");
};

export const watchPanel = () => {
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#panel-more, .panel-main summary")) showWholeResult();
  });
  document.addEventListener("DOMContentLoaded", updatePanel);
  document.addEventListener("htmx:before:request", (event) => openCard(event.detail.ctx.sourceElement));
  document.addEventListener("htmx:finally:request", (event) => closeUnansweredCard(event.detail.ctx.sourceElement));
  window.addEventListener("resize", () => {
    if (findPanel()) keepHeight(findPanel());
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id === "panel") updatePanel();
  });
};
