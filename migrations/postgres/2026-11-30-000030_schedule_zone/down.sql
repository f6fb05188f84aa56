ALTER TABLE sources DROP COLUMN schedule_zone;
