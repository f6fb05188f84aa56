// Shows on the pressed button that its form is being sent, and sends no form twice.

const BUSY = "[aria-busy='true']";
// A form that leads to another page may be stopped by the reader, or lead to a download.
const MAX_BUSY_MS = 10000;

const clearBusy = (root) => {
  for (const button of root?.querySelectorAll?.(BUSY) ?? []) button.removeAttribute("aria-busy");
};

export const watchBusyForms = () => {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if ((event.submitter?.formMethod || form.method) !== "post") return;
      if (form.querySelector(BUSY)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      event.submitter?.setAttribute("aria-busy", "true");
      if (!form.hasAttribute("hx-post")) setTimeout(() => clearBusy(form), MAX_BUSY_MS);
    },
    true,
  );
  document.addEventListener("htmx:finally:request", (event) => clearBusy(event.detail.ctx.sourceElement));
  // A page that the browser restores with its Back button is as it was when it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) clearBusy(document);
  });
};
