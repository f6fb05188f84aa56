-- The retry of a scheduled sync that failed for a passing reason: when it starts, its number from 1, the run that
-- failed. It waits as a time and not as a pending run, so that a sync can be started meanwhile.
ALTER TABLE catalogs ADD COLUMN retry_at TIMESTAMP;
ALTER TABLE catalogs ADD COLUMN retry_number INTEGER;
ALTER TABLE catalogs ADD COLUMN retry_run TEXT;
-- How many automatic retries a scheduled run was, counted from 0; null for a run that a person started.
ALTER TABLE sync_records ADD COLUMN retries_before INTEGER;
-- When the run was to be retried, as planned at its end.
ALTER TABLE sync_records ADD COLUMN retry_at TIMESTAMP;
-- The runs that are about another run: its undo, the removal of its list, the application of its preview.
CREATE INDEX sync_records_target ON sync_records (target) WHERE target IS NOT NULL;
