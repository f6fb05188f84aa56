// Stores what a reader chooses for this browser.

/** The value stored under `key`, or null. */
export const recallChoice = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

/** Stores `value` under `key`, or removes it if `value` is null. If the browser forbids storage, nothing is kept. */
export const storeChoice = (key, value) => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is off in some private windows.
  }
};
