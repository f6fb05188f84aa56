// The choice of a theme in the menu: light, dark, or that of the system.
import { storeChoice } from "./browser-choices.js";
import { find } from "./page.js";

const STORAGE_KEY = "lockstep.theme";

const chosenTheme = () => document.documentElement.dataset.theme ?? "system";

const chooseTheme = (theme) => {
  const isSystem = theme === "system";
  if (isSystem) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  storeChoice(STORAGE_KEY, isSystem ? null : theme);
};

export const watchThemeChoice = () => {
  const choice = find("#theme-choice");
  if (!choice) return;
  choice.hidden = false;
  find(`[value="${chosenTheme()}"]`, choice).checked = true;
  choice.addEventListener("change", (event) => chooseTheme(event.target.value));
};
