// Sets the theme that this browser has chosen, before the page is painted. Without a choice the system decides.
try {
  const theme = localStorage.getItem("lockstep.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is off in some private windows.
}
