ALTER TABLE catalogs DROP COLUMN column_types;
ALTER TABLE catalogs DROP COLUMN feeds;
