// The days by which the history is filtered are days of the reader: the offset from UTC at their midnights is sent.
import { find } from "./page.js";

const MINUTE_MS = 60000;

// Minutes east of UTC at the midnight before the first day, or after the last day.
const offsetAt = (day, isLast) => {
  const midnight = new Date(`${day}T00:00`);
  if (isLast) midnight.setDate(midnight.getDate() + 1);
  const sameInUtc = Date.UTC(midnight.getFullYear(), midnight.getMonth(), midnight.getDate());
  return (sameInUtc - midnight.getTime()) / MINUTE_MS;
};

export const watchHistoryDays = () => {
  // Before htmx reads the form.
  const setOffset = ({ target }) => {
    if (!target.matches?.("#narrow input[type=date]")) return;
    const offset = target.value ? offsetAt(target.value, target.name === "to") : "";
    find(`#narrow-${target.name}-offset`).value = Number.isNaN(offset) ? "" : offset;
  };
  document.addEventListener("change", setOffset, { capture: true });
};
