ALTER TABLE sources DROP COLUMN public_since;
DROP INDEX sync_records_changing;
