DROP INDEX sync_records_status;
ALTER TABLE sync_records DROP COLUMN finalizing_at;
ALTER TABLE sync_records DROP COLUMN processing_at;
ALTER TABLE sync_operations DROP COLUMN finalizing_at;
ALTER TABLE sync_operations DROP COLUMN processing_at;
