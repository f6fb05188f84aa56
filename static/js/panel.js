// The sync panel: the cooldown of the Sync button, and the copy of its run in the badge.
import { find, findBadge, findPanel, isPanelPolling } from "./page.js";

const COOLDOWN_TICK_MS = 250;

let cooldownTimer;

// The panel's response contains the badge entry of its run, so that the badge needs no separate request.
const copyRunToBadge = () => {
  const entry = find("#panel-badge");
  if (!entry || !isPanelPolling()) return;
  const { slug } = findPanel().dataset;
  findBadge()?.querySelector(`[data-slug="${slug}"]`)?.remove();
  findBadge()?.prepend(entry.content.cloneNode(true));
};

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

const updatePanel = () => {
  const panel = findPanel();
  if (!panel) return;
  const button = find("[data-cooldown]", panel);
  if (button) startCooldown(button);
  copyRunToBadge();
};

export const watchPanel = () => {
  document.addEventListener("DOMContentLoaded", updatePanel);
  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.target?.id !== "panel") return;
    updatePanel();
    // The pressed button is disabled or gone now. Focus stays in the panel, so that the next Tab does not start at the top.
    const focused = document.activeElement;
    if (ctx.request.method === "POST" && (focused === document.body || focused?.disabled)) {
      findPanel().focus({ preventScroll: true });
    }
  });
};
