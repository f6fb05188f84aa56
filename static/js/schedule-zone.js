// Proposes the time zone of the browser for the schedule of a source that has none yet.
import { find } from "./page.js";

export const proposeScheduleZone = () => {
  const field = find("[data-propose-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!field || field.value || !zone) return;
  field.value = zone;
  // The words beside it change with it. htmx may not have prepared the page yet.
  htmx.process(field.form);
  field.dispatchEvent(new Event("change", { bubbles: true }));
};
