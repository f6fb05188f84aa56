// Copies a secret or a command to the clipboard. Without a script the buttons stay hidden, and a click selects the text.
import { find } from "./page.js";

// How long a button says that it has copied.
const CONFIRMED_FOR_MS = 2000;

// Browsers have a clipboard only over HTTPS and on this machine; elsewhere the selection is copied.
const copyText = async (element) => {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  }
  getSelection().selectAllChildren(element);
  return document.execCommand("copy");
};

const copy = async (button) => {
  const state = find("[data-copy-state]", button);
  const isCopied = await copyText(document.getElementById(button.dataset.copy)).catch(() => false);
  state.textContent = isCopied ? "Copied" : "Press Ctrl+C";
  setTimeout(() => {
    state.textContent = "Copy";
  }, CONFIRMED_FOR_MS);
};

export const watchCopyButtons = () => {
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  });
};
