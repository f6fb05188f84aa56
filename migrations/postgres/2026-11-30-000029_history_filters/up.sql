-- All columns by which the history is filtered, in the order of its list: several filters together read only this index.
CREATE INDEX sync_records_filters ON sync_records (finished_at, id, source_id, kind, status, requested_by);
-- Who started runs: the next name is one look-up.
CREATE INDEX sync_records_requested_by ON sync_records (requested_by);
-- The runs of removed sources, by the slug that they had.
CREATE INDEX sync_records_source ON sync_records (source, finished_at);
