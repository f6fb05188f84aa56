// What htmx cannot say in attributes. The pages work without this file; with it they are live.
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const panel = () => $("#panel");
  const badge = () => $("#sync-badge");
  const polling = () => panel()?.hasAttribute("hx-get") ?? false;
  const remembered = (key) => { try { return sessionStorage.getItem(key); } catch { return null; } };
  const remember = (key, value = "1") => { try { sessionStorage.setItem(key, value); } catch { /* private mode: forgotten sooner */ } };

  // --- Pictures from elsewhere: one that does not come leaves its address ------------------------------------------
  const leaveAddress = (picture) => {
    const link = picture.closest("a.picture");
    if (!link) return;
    if (link.classList.contains("large")) link.remove();
    else { link.textContent = link.title; link.className = "unseen"; }
  };
  document.addEventListener("error", (event) => { if (event.target instanceof HTMLImageElement) leaveAddress(event.target); }, true);
  for (const picture of document.querySelectorAll("a.picture img")) if (picture.complete && !picture.naturalWidth) leaveAddress(picture);

  // --- Asking: not while hidden, and never twice -----------------------------------------------------------------
  // A filter in hx-trigger would need eval, which the content policy forbids; so the tick is cancelled here.
  document.addEventListener("htmx:config:request", (event) => {
    const { sourceElement, sourceEvent } = event.detail.ctx;
    if (sourceEvent?.type !== "every") return;
    if (document.hidden || (sourceElement === badge() && polling())) event.preventDefault();
  });

  let lastLook = 0;
  const lookAtOnce = () => {
    if (document.hidden || Date.now() - lastLook < 1000) return;
    lastLook = Date.now();
    const asker = polling() ? panel() : badge();
    if (asker) htmx.trigger(asker, "every", {}, false);
  };
  document.addEventListener("visibilitychange", lookAtOnce);
  window.addEventListener("focus", lookAtOnce);
  document.addEventListener("visibilitychange", () => settleBadge());

  // --- Answers that are none: the panel stays, and says so -------------------------------------------------------
  const isPanel = (target) => target?.id === "panel";

  const note = (text, link) => {
    const line = $("#panel-note");
    if (!line) return;
    line.textContent = text;
    if (link) line.append(" ", Object.assign(document.createElement("a"), link));
  };

  const stopAsking = () => {
    const card = panel();
    for (const name of ["hx-get", "hx-trigger"]) card.removeAttribute(name);
    htmx.process(card, true);
  };

  const signIn = () => ({ href: "/login?next=" + encodeURIComponent(location.pathname + location.search), textContent: "Sign in again." });

  const trouble = (ctx) => {
    const status = ctx.response?.status;
    // In our own words, not a proxy's.
    const own = ctx.response?.raw?.headers?.get("lockstep-reason");
    const signedOut = status === 401 || new URL(ctx.response?.raw?.url || location.href).pathname === "/login";
    if (isPanel(ctx.target)) {
      if (signedOut) { stopAsking(); note("You were signed out.", signIn()); }
      else if (status === 403) note("That is not allowed from here.");
      else if (status === 404) { stopAsking(); note("This sync is no longer there.", { href: location.href, textContent: "Reload the page." }); }
      else if (own?.startsWith("database_")) note(ctx.request.method === "GET" ? "The database does not answer, retrying…" : ctx.text);
      else if (ctx.request.method === "GET") note("Connection lost, retrying…");
      else note("That did not get through. Check the connection and press it again.");
      panel().classList.toggle("lost", status !== 403);
    } else if (/^(stopPolling|runs:changed|retry)$/.test(ctx.sourceEvent?.type)) {
      // The table after a sync is worth a second try; the panel will not ask again.
      setTimeout(() => htmx.trigger(ctx.sourceElement, "retry", {}, false), 3000);
    } else if (ctx.sourceElement !== badge()) {
      $("#trouble").textContent = signedOut ? "You were signed out. Reload the page to sign in again." : own ? ctx.text : "The server did not answer. Try again in a moment.";
    }
  };

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const refused = ctx.swap === "none";
    // A proxy's page or a login page may come with any status: only a panel replaces a panel.
    const stranger = isPanel(ctx.target) && !/^\s*<section id="panel"/.test(ctx.text);
    if (refused || stranger) { event.preventDefault(); trouble(ctx); }
    else if (ctx.sourceElement !== badge()) $("#trouble").textContent = "";
  });
  document.addEventListener("htmx:error", (event) => { if (event.detail.ctx) trouble(event.detail.ctx); });

  // --- After a swap ----------------------------------------------------------------------------------------------
  const asked = new Set();
  let known = null;

  // The badge says what the panel says, without a request of its own.
  const mirror = () => {
    const copy = $("#panel-badge");
    if (!copy || !polling()) return;
    const own = panel().dataset.slug;
    badge()?.querySelector(`[data-slug="${own}"]`)?.remove();
    badge()?.prepend(copy.content.cloneNode(true));
  };

  // An outcome is said for eight seconds from when it is first in sight, on however many pages of this tab.
  const tell = (run) => {
    if (document.hidden) return;
    const { sync } = run.dataset;
    const key = `lockstep.told.${sync}`;
    const until = Number(remembered(key)) || Date.now() + 8000;
    remember(key, until);
    run.hidden = until <= Date.now();
    if (!run.hidden) setTimeout(() => $(`[data-sync="${sync}"]`, badge())?.setAttribute("hidden", ""), until - Date.now());
  };

  const settleBadge = () => {
    const runs = [...(badge()?.children ?? [])];
    for (const run of runs) {
      const { active, slug, standing } = run.dataset;
      const state = $(`[data-state-of="${CSS.escape(slug)}"]`);
      if (active === "true") { if (state) state.textContent = standing; continue; }
      tell(run);
    }
    const signature = runs.map((run) => run.dataset.sync + run.dataset.active).sort().join();
    if (known !== null && known !== signature) htmx.trigger("body", "runs:changed");
    known = signature;

    // A run that was started elsewhere: the idle panel learns of it from the badge. Sync ids sort by time.
    const card = panel();
    const mine = card && !polling() && runs.find((run) => run.dataset.slug === card.dataset.slug && run.dataset.sync > card.dataset.sync);
    if (!mine) return;
    const mark = mine.dataset.sync + mine.dataset.active;
    if (asked.has(mark)) return;
    asked.add(mark);
    htmx.ajax("GET", `/catalog/${card.dataset.slug}/sync-status?sync=${mine.dataset.sync}`, { source: card, target: card, swap: "outerMorph" });
  };

  const settlePanel = () => {
    const card = panel();
    if (!card) return;
    if (card.dataset.sync && remembered(`lockstep.dismissed.${card.dataset.sync}`)) card.classList.add("at-rest");
    const button = $("[data-cooldown]", card);
    if (button) coolDown(button);
    mirror();
  };

  // The button counts the seconds until it may be pressed again.
  const coolDown = (button) => {
    const until = Date.now() + Number(button.dataset.cooldown) * 1000;
    delete button.dataset.cooldown;
    clearInterval(coolDown.timer);
    const tick = () => {
      const sync = $("#panel-sync");
      const left = Math.ceil((until - Date.now()) / 1000);
      const over = left <= 0 || polling();
      if (over) clearInterval(coolDown.timer);
      if (!sync || polling()) return;
      sync.disabled = !over;
      $(".label", sync).textContent = over ? "Sync" : `Sync (${left})`;
    };
    coolDown.timer = setInterval(tick, 250);
    tick();
  };

  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    if (isPanel(ctx.target)) {
      settlePanel();
      // The pressed button is off or gone now: keep the keyboard where it was, in the card.
      const focused = document.activeElement;
      if (ctx.request.method === "POST" && (focused === document.body || focused?.disabled)) panel().focus({ preventScroll: true });
    } else if (ctx.target?.id === "sync-badge") settleBadge();
    // What was chosen by hand would outlive an order that a column's head gave.
    const order = $("#search select");
    if (order && ctx.target?.id === "table") order.value = $("[selected]", order)?.value ?? "";
  });

  // --- Clicks ----------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#panel-dismiss")) {
      remember(`lockstep.dismissed.${panel().dataset.sync}`);
      panel().classList.add("at-rest");
      panel().focus({ preventScroll: true });
    }
    const menu = $(".menu[open]");
    if (menu && !event.target.closest?.("summary")) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && $(".menu[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  });

  // The chosen key column stands out in the preview.
  const showKey = () => {
    for (const table of document.querySelectorAll(".preview table")) {
      const chosen = [...table.querySelectorAll("th")].findIndex((head) => $("input", head)?.checked);
      for (const row of table.rows) [...row.cells].forEach((cell, i) => cell.classList.toggle("is-key", i === chosen));
    }
  };
  document.addEventListener("change", (event) => { if (event.target.name === "key") showKey(); });

  document.addEventListener("DOMContentLoaded", () => { showKey(); settlePanel(); settleBadge(); });
})();
