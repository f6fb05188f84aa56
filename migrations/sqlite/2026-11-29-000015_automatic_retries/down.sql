DROP INDEX sync_records_target;
ALTER TABLE sync_records DROP COLUMN retry_at;
ALTER TABLE sync_records DROP COLUMN retries_before;
ALTER TABLE catalogs DROP COLUMN retry_run;
ALTER TABLE catalogs DROP COLUMN retry_number;
ALTER TABLE catalogs DROP COLUMN retry_at;
