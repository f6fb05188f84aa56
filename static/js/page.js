// The elements that several modules work with.

/** The first element that matches `selector`, or null. */
export const find = (selector, root = document) => root.querySelector(selector);

/** The sync panel, or null on a page without one. It is replaced by every answer, so it is looked up each time. */
export const findPanel = () => find("#panel");

/** The list of runs at the bottom right, or null. */
export const findBadge = () => find("#sync-badge");

/** The link to a route: below the path at which a reverse proxy serves Lockstep, if there is one. */
export const routeLink = (route) => (document.body.dataset.basePath ?? "") + route;

/** Whether the panel polls: the server leaves `hx-get` out once the run has ended. */
export const isPanelPolling = () => findPanel()?.hasAttribute("hx-get") ?? false;
