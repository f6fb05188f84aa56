-- The age in seconds at which the catalog counts as stale; null where no age is set.
ALTER TABLE sources ADD COLUMN stale_after BIGINT;
-- When the schedule of the source was set, changed or resumed; null where that is unknown. Scheduled times before it were
-- not missed.
ALTER TABLE sources ADD COLUMN schedule_since TIMESTAMP;
-- The options that the run was started with, so that it can be repeated; null for runs of earlier versions.
ALTER TABLE sync_records ADD COLUMN options TEXT;
