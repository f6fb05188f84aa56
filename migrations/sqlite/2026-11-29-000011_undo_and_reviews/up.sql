-- When the schedule of the source was paused; null while it is not. `next_run_at` is null meanwhile, so that servers of
-- the previous version start nothing either.
ALTER TABLE sources ADD COLUMN paused_at TIMESTAMP;
-- The run that last changed the columns or their types: only its undo restores them.
ALTER TABLE catalogs ADD COLUMN columns_by TEXT;
-- The run that an undo reverts, whose list a removal applies, or whose preview a sync applies.
ALTER TABLE sync_records ADD COLUMN target TEXT;
-- The digest of the whole set of changes that a preview found.
ALTER TABLE sync_records ADD COLUMN changes_digest TEXT;
-- The run that stored the list of removals that this run withheld. Runs that withhold the same list share it.
ALTER TABLE sync_records ADD COLUMN review TEXT;

-- The columns of a catalog before a run changed them, for its undo.
CREATE TABLE column_snapshots (
    sync_id      TEXT PRIMARY KEY NOT NULL,
    source_id    INTEGER NOT NULL,
    columns      TEXT NOT NULL,
    column_types TEXT NOT NULL
);

-- By how much a run changed `settled_count`, the number that later runs measure their removals by. Its undo takes that
-- back.
CREATE TABLE settled_changes (
    sync_id   TEXT PRIMARY KEY NOT NULL,
    source_id INTEGER NOT NULL,
    delta     BIGINT NOT NULL
);

-- The removals of a source that wait for a decision: at most one list for each source. Its id is that of the run that
-- stored it. No foreign key to sources: see `items`.
CREATE TABLE removal_reviews (
    sync_id    TEXT PRIMARY KEY NOT NULL,
    source_id  INTEGER NOT NULL UNIQUE,
    reason     TEXT NOT NULL CHECK (reason IN ('withheld', 'doubt', 'empty_source', 'key_changed')),
    digest     TEXT NOT NULL,
    item_count BIGINT NOT NULL,
    additions  BIGINT NOT NULL,
    kept_at    TIMESTAMP,
    kept_by    TEXT
);

-- The keys of the items that a review lists, and the first of those that a preview would withhold.
CREATE TABLE withheld_items (
    sync_id   TEXT NOT NULL,
    source_id INTEGER NOT NULL,
    key       TEXT NOT NULL,
    PRIMARY KEY (sync_id, key)
) WITHOUT ROWID;
