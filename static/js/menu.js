// Closes an open menu at a click elsewhere, or at Escape.
import { find } from "./page.js";

const findOpenMenu = () => find(".sync-buttons-menu[open]");

export const watchMenus = () => {
  document.addEventListener("click", (event) => {
    const menu = findOpenMenu();
    if (menu && !event.target.closest?.("summary")) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && findOpenMenu();
    if (!menu) return;
    menu.open = false;
    find("summary", menu).focus();
  });
};
