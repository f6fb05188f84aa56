DROP INDEX items_removed;
ALTER TABLE catalogs DROP COLUMN last_deleted_change;
DROP INDEX item_changes_newest;
