// Adding a source: a file that is dropped on the page or chosen is read at once, and a dropped link is filled in.
import { find } from "./page.js";

const DROPPING = "is-dropping";

const watchDrops = (form) => {
  const file = find("[type='file']", form);
  const url = find("#url");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add(DROPPING);
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (name === "drop" || !event.relatedTarget) form.classList.remove(DROPPING);
    });
  }
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const { files } = event.dataTransfer;
    if (files.length > 0) {
      // One source has one file.
      const first = new DataTransfer();
      first.items.add(files[0]);
      file.files = first.files;
      form.requestSubmit();
    } else if (url) {
      url.value = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
      url.form.requestSubmit();
    }
  });
};

export const watchSourceDrop = () => {
  const form = find("form.source-drop");
  if (form) {
    find(".source-drop-hint", form).hidden = false;
    find("[type='file']", form).addEventListener("change", () => form.requestSubmit());
    watchDrops(form);
  }
  // Another tab or encoding has other columns.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-checks-again]")) {
      event.target.form.requestSubmit(find("[name='again']", event.target.form));
    }
  });
};
