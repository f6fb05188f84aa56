ALTER TABLE sources DROP COLUMN frame_hosts;
ALTER TABLE sources DROP COLUMN is_indexed;
ALTER TABLE sources DROP COLUMN page_description;
ALTER TABLE sources DROP COLUMN page_title;
