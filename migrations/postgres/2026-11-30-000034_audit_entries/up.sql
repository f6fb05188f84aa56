-- What people and programs did. No foreign keys: an entry outlives what it is about.
CREATE TABLE audit_entries (
    id      TEXT PRIMARY KEY NOT NULL,
    at      TIMESTAMP NOT NULL,
    -- Who it was: the name of a user or token, or on the command line of the user of the operating system.
    actor   TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT,
    sync_id TEXT
);
CREATE INDEX audit_entries_at ON audit_entries (at, id);
