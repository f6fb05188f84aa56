ALTER TABLE sync_records DROP COLUMN options;
ALTER TABLE sources DROP COLUMN schedule_since;
ALTER TABLE sources DROP COLUMN stale_after;
