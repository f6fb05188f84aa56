-- The changes of a catalog, newest last: its version is the highest id, and what changed since a version is found by it.
CREATE INDEX item_changes_newest ON item_changes (source_id, id);
-- The highest id of a change that retention deleted. What changed since an earlier version is unknown.
ALTER TABLE catalogs ADD COLUMN last_deleted_change BIGINT NOT NULL DEFAULT 0;
-- The items that were removed, by time. Those that are in the catalog cost nothing here.
CREATE INDEX items_removed ON items (source_id, removed_at) WHERE removed_at IS NOT NULL;
