ALTER TABLE catalogs DROP COLUMN feeds_silent_until;
ALTER TABLE catalogs DROP COLUMN feeds_failing;
ALTER TABLE catalogs DROP COLUMN feed_count;
