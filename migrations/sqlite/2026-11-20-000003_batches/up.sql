-- How many batches a run has committed: one whose commit was cut off is handed over again, and must not be written twice.
ALTER TABLE sync_operations ADD COLUMN batches BIGINT NOT NULL DEFAULT 0;
