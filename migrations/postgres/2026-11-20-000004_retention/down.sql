DROP INDEX sync_operations_ended;
ALTER TABLE sync_records DROP COLUMN stage;
