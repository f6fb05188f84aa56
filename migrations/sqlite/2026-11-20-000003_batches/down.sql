ALTER TABLE sync_operations DROP COLUMN batches;
