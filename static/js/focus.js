// Keeps the focus in its region when an update removes or disables the focused element, so that the next Tab does not
// start at the top of the page.
import { find } from "./page.js";

const REGIONS = "#panel, #sync-badge, #sources, #table, #runs";

let focusedRegion = null;

const isFocusLost = () => {
  const focused = document.activeElement;
  return !focused || focused === document.body || focused.disabled;
};

export const watchFocus = () => {
  document.addEventListener("htmx:before:swap", () => {
    focusedRegion = document.activeElement?.closest?.(REGIONS)?.id ?? null;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!focusedRegion || !isFocusLost()) return;
    const region = find(`#${focusedRegion}`);
    const target = region?.hidden || !region?.hasAttribute("tabindex") ? find("#content") : region;
    target.focus({ preventScroll: true });
    focusedRegion = null;
  });
};
