-- Times are UTC text as Diesel writes them; leases are epoch milliseconds of the database's clock.
CREATE TABLE sources (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    noun_one    TEXT NOT NULL,
    noun_many   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    location    TEXT NOT NULL,
    key_column  TEXT NOT NULL,
    schedule    TEXT,
    public      BOOLEAN NOT NULL DEFAULT 0,
    next_run_at TIMESTAMP,
    created_at  TIMESTAMP NOT NULL
);

-- What runs write about a source. Not on `sources`: that row is what admission locks.
CREATE TABLE catalogs (
    source_id        INTEGER PRIMARY KEY NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    columns          TEXT NOT NULL DEFAULT '[]',
    validators       TEXT NOT NULL DEFAULT '{}',
    item_count       BIGINT NOT NULL DEFAULT 0,
    -- How many there were when the catalog was last in step with its source: what "more than half" is measured by.
    settled_count    BIGINT,
    last_success_at  TIMESTAMP,
    last_success_id  TEXT
);

-- No foreign key to sources here nor in what runs write below: on PostgreSQL its check takes a lock on the source's
-- row with every batch, the row that admission locks without waiting. The store removes these with their source.
CREATE TABLE items (
    id          INTEGER PRIMARY KEY NOT NULL,
    source_id   INTEGER NOT NULL,
    key         TEXT NOT NULL,
    fields      TEXT NOT NULL,
    hash        BLOB NOT NULL,
    search_text TEXT NOT NULL,
    added_at    TIMESTAMP NOT NULL,
    changed_at  TIMESTAMP NOT NULL,
    removed_at  TIMESTAMP,
    added_by    TEXT NOT NULL,
    changed_by  TEXT NOT NULL
);
CREATE UNIQUE INDEX items_key ON items (source_id, key);
-- Pages and counts of a catalog as it is read; the row number is part of it.
CREATE INDEX items_live ON items (source_id) WHERE removed_at IS NULL;

CREATE TABLE sync_operations (
    id               TEXT PRIMARY KEY NOT NULL,
    source_id        INTEGER NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    kind             TEXT NOT NULL CHECK (kind IN ('sync', 'preview', 'undo', 'removal')),
    mode             TEXT NOT NULL CHECK (mode IN ('incremental', 'full')),
    options          TEXT NOT NULL DEFAULT '{}',
    priority         INTEGER NOT NULL,
    status           TEXT NOT NULL
                     CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'interrupted')),
    stage            TEXT CHECK (stage IN ('fetching', 'processing', 'finalizing')),
    message          TEXT NOT NULL,
    progress         INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    items_processed  BIGINT NOT NULL DEFAULT 0,
    items_total      BIGINT NOT NULL DEFAULT 0,
    stats            TEXT NOT NULL DEFAULT '{}',
    error            TEXT,
    code             TEXT,
    requested_by     TEXT NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 1,
    retry_of         TEXT,
    cancel_requested BOOLEAN NOT NULL DEFAULT 0,
    worker           TEXT,
    token            BIGINT,
    lease_until      BIGINT,
    created_at       TIMESTAMP NOT NULL,
    started_at       TIMESTAMP,
    last_update      TIMESTAMP NOT NULL,
    finished_at      TIMESTAMP,
    CHECK ((status = 'completed') = (progress = 100)),
    CHECK (status <> 'running' OR (worker IS NOT NULL AND token IS NOT NULL AND lease_until IS NOT NULL))
);
-- Backs admission: two active runs of one source cannot be stored, even after a fault in the code.
CREATE UNIQUE INDEX sync_operations_one_active ON sync_operations (source_id) WHERE status IN ('pending', 'running');
CREATE UNIQUE INDEX sync_operations_one_successor ON sync_operations (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX sync_operations_queue ON sync_operations (status, priority, created_at);
CREATE INDEX sync_operations_latest ON sync_operations (source_id, created_at);

CREATE TABLE sync_records (
    id                TEXT PRIMARY KEY NOT NULL,
    source_id         INTEGER NOT NULL,
    source            TEXT NOT NULL,
    kind              TEXT NOT NULL,
    mode              TEXT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled', 'interrupted')),
    message           TEXT NOT NULL,
    progress          INTEGER NOT NULL,
    created_at        TIMESTAMP NOT NULL,
    started_at        TIMESTAMP,
    finished_at       TIMESTAMP NOT NULL,
    stats             TEXT NOT NULL,
    error             TEXT,
    code              TEXT,
    requested_by      TEXT NOT NULL,
    attempt           INTEGER NOT NULL,
    retry_of          TEXT,
    successor         TEXT,
    issues            BIGINT NOT NULL,
    withheld_removals BIGINT NOT NULL
);
CREATE INDEX sync_records_latest ON sync_records (source_id, finished_at);
CREATE INDEX sync_records_finished ON sync_records (finished_at);

CREATE TABLE sync_issues (
    id          INTEGER PRIMARY KEY NOT NULL,
    sync_id     TEXT NOT NULL REFERENCES sync_records (id) ON DELETE CASCADE,
    row_number  BIGINT,
    column_name TEXT,
    kind        TEXT NOT NULL CHECK (kind IN ('refused', 'noted')),
    reason      TEXT NOT NULL
);
CREATE INDEX sync_issues_of ON sync_issues (sync_id, id);

-- The changes of a run. Written in the batch that makes them, so its run may still be active: no reference to records.
CREATE TABLE item_changes (
    id        INTEGER PRIMARY KEY NOT NULL,
    sync_id   TEXT NOT NULL,
    source_id INTEGER NOT NULL,
    key       TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('added', 'updated', 'removed')),
    before    TEXT,
    after     TEXT
);
CREATE INDEX item_changes_of ON item_changes (sync_id, kind, id);
CREATE INDEX item_changes_item ON item_changes (source_id, key, id);
