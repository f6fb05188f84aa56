-- How the content of a source is read: tab, encoding, header row, whether a header that does not fit is accepted. JSON.
ALTER TABLE sources ADD COLUMN read_options TEXT NOT NULL DEFAULT '{}';
