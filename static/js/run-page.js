// The page of a run: an open log stays open while the page is updated, and shows the lines of each new stage.
import { find, findRunPage } from "./page.js";

let shownState;

const reloadLog = () => {
  const state = findRunPage()?.dataset.state;
  if (state === shownState) return;
  shownState = state;
  const log = find("#run-log[open] [hx-get]");
  if (log) htmx.trigger(log, "reload", {}, false);
};

export const watchRunPage = () => {
  shownState = findRunPage()?.dataset.state;
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id === "run") reloadLog();
  });
};
