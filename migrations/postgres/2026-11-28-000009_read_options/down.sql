ALTER TABLE sources DROP COLUMN read_options;
