// Keyboard shortcuts, which can be switched off in the menu: "/" searches, "s" syncs, "g" followed by another key opens
// a page, "?" lists them all.
import { recallChoice, storeChoice } from "./browser-choices.js";
import { find } from "./page.js";

const SEQUENCE_TIMEOUT_MS = 1500;
const STORAGE_KEY = "lockstep.no-shortcuts";

let sequenceStart = 0;

const isTyping = (element) =>
  element?.isContentEditable ||
  (element?.matches?.("input, select, textarea") && !/^(checkbox|radio)$/.test(element.type));

const openDialog = () => {
  const dialog = find("#shortcuts");
  if (!dialog.matches(":popover-open")) dialog.showPopover();
};

const focusSearch = () => {
  const field = find("#search-field, #filter-field");
  field?.focus();
  field?.select();
  return Boolean(field);
};

// Presses the Sync button, if there is one and a sync can be started.
const pressSync = () => {
  const button = find("#panel-sync");
  if (!button || button.disabled) return false;
  button.focus();
  button.click();
  return true;
};

// Opens the page whose link in the header has this key.
const openPage = (key) => {
  const link = find(`.site-header a[data-shortcut="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
};

const pressKey = (key) => {
  const isSequence = Date.now() - sequenceStart < SEQUENCE_TIMEOUT_MS;
  sequenceStart = 0;
  if (isSequence) return openPage(key);
  if (key === "/") return focusSearch();
  if (key === "s") return pressSync();
  if (key === "g") sequenceStart = Date.now();
  if (key === "?") openDialog();
  return key === "?";
};

const areOn = () => find("#shortcuts-choice").checked;

const watchChoice = () => {
  const box = find("#shortcuts-choice");
  box.checked = recallChoice(STORAGE_KEY) === null;
  box.addEventListener("change", () => storeChoice(STORAGE_KEY, box.checked ? null : "1"));
};

export const watchShortcuts = () => {
  const opener = find("#shortcuts-open");
  if (!opener) return;
  opener.hidden = false;
  watchChoice();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (!areOn() || find(":popover-open")) return;
    if (pressKey(event.key)) event.preventDefault();
  });
};
