// Finds the elements that several modules use.

/** The first element that matches `selector`, or null. */
export const find = (selector, root = document) => root.querySelector(selector);

/** The sync panel, or null on a page without a panel. Every response replaces it, so it is looked up each time. */
export const findPanel = () => find("#panel");

/** The badge in the header with the runs of other catalogs, or null. */
export const findBadge = () => find("#sync-badge");

/** The page of a run, or null elsewhere. */
export const findRunPage = () => find("#run");

/** The link to a route: below the path at which a reverse proxy serves Lockstep, if there is one. */
export const routeLink = (route) => (document.body.dataset.basePath ?? "") + route;

/** Whether the panel polls: the server omits `hx-get` once the run has ended. */
export const isPanelPolling = () => findPanel()?.hasAttribute("hx-get") ?? false;

/** Whether the page of a run polls, because its run is active. */
export const isRunPagePolling = () => findRunPage()?.matches("[hx-get][hx-trigger^='every']") ?? false;
