// Long texts in a table are cut off after two lines. A button beside them shows the whole text.
const addButton = (lines) => {
  if (lines.nextElementSibling?.classList.contains("cell-more")) return;
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "cell-more",
    textContent: "More",
  });
  button.setAttribute("aria-expanded", "false");
  lines.after(button);
};

const addButtons = () => {
  const all = [...document.querySelectorAll("#table-rows .cell-lines")];
  // Measured first and changed afterwards, so that the page is laid out once.
  const cut = all.filter((lines) => lines.scrollHeight > lines.clientHeight + 2);
  cut.forEach(addButton);
};

const toggle = (button) => {
  const isOpen = button.previousElementSibling.classList.toggle("is-open");
  button.setAttribute("aria-expanded", String(isOpen));
  button.textContent = isOpen ? "Less" : "More";
};

export const watchLongCells = () => {
  addButtons();
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".cell-more");
    if (button) toggle(button);
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.target?.id === "table") addButtons();
  });
};
