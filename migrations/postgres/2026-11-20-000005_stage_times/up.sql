-- When a run came to each stage, by the database's clock; NULL for a stage it never came to. Fetching begins with
-- `started_at`.
ALTER TABLE sync_operations ADD COLUMN processing_at TIMESTAMP;
ALTER TABLE sync_operations ADD COLUMN finalizing_at TIMESTAMP;
ALTER TABLE sync_records ADD COLUMN processing_at TIMESTAMP;
ALTER TABLE sync_records ADD COLUMN finalizing_at TIMESTAMP;
-- Past runs by how they ended, newest first.
CREATE INDEX sync_records_status ON sync_records (status, finished_at);
