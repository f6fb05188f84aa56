// Remembers values for as long as the browser tab is open.

/** The value stored under `key`, or null. */
export const recall = (key) => {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
};

/** Stores `value` under `key`. If the browser forbids storage, the value is lost on the next page. */
export const remember = (key, value = "1") => {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage is off in some private windows.
  }
};
