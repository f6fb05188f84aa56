ALTER TABLE catalogs DROP COLUMN default_view;
