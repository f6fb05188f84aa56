ALTER TABLE catalogs DROP COLUMN settled_types;
ALTER TABLE catalogs DROP COLUMN settled_columns;
ALTER TABLE catalogs DROP COLUMN settled_at;
