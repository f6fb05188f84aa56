DROP TABLE withheld_items;
DROP TABLE removal_reviews;
DROP TABLE settled_changes;
DROP TABLE column_snapshots;
ALTER TABLE sync_records DROP COLUMN review;
ALTER TABLE sync_records DROP COLUMN changes_digest;
ALTER TABLE sync_records DROP COLUMN target;
ALTER TABLE catalogs DROP COLUMN columns_by;
ALTER TABLE sources DROP COLUMN paused_at;
