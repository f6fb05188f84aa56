// Keeps the focus near its element when an update removes or disables it, so that the next Tab does not start at the top
// of the page.
import { find } from "./page.js";

// The panel, a row of a list, a list, or the content of the page.
const REGION = "[tabindex='-1'][id]";

let focusedRegions = [];

const isFocusLost = () => {
  const focused = document.activeElement;
  return !focused || focused === document.body || focused.disabled;
};

const findRegions = (element) => {
  const region = element?.closest?.(REGION);
  return region ? [region.id, ...findRegions(region.parentElement)] : [];
};

export const watchFocus = () => {
  document.addEventListener("htmx:before:swap", () => {
    focusedRegions = findRegions(document.activeElement);
  });
  document.addEventListener("htmx:after:swap", () => {
    if (focusedRegions.length === 0 || !isFocusLost()) return;
    const regions = focusedRegions.map((id) => document.getElementById(id));
    const target = regions.find((region) => region?.checkVisibility()) ?? find("#content");
    target.focus({ preventScroll: true });
    focusedRegions = [];
  });
};
