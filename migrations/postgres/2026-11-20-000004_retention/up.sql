-- What a run was doing when it ended: its status is told from its record once its operation is gone.
ALTER TABLE sync_records ADD COLUMN stage TEXT;
-- What clearing away looks for.
CREATE INDEX sync_operations_ended ON sync_operations (finished_at);
