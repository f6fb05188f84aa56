-- What is known of the feeds of a source: JSON, a list. Read and written as a whole only.
ALTER TABLE catalogs ADD COLUMN feeds TEXT NOT NULL DEFAULT '[]';
-- What the cells of each column are, in the order of `columns`: JSON, a list of words.
ALTER TABLE catalogs ADD COLUMN column_types TEXT NOT NULL DEFAULT '[]';
