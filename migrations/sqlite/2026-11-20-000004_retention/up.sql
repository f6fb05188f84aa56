-- The stage in which a run ended: after its operation is deleted, its status is read from its record.
ALTER TABLE sync_records ADD COLUMN stage TEXT;
-- What clearing away looks for.
CREATE INDEX sync_operations_ended ON sync_operations (finished_at);
