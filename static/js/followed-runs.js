// The runs that were active while this page was open. What the page shows of other runs is old.

const followedRuns = new Set();

/** Counts a run as followed on this page. */
export const followRun = (sync) => followedRuns.add(sync);

/** Whether a run was active while this page was open. */
export const isFollowed = (sync) => followedRuns.has(sync);
