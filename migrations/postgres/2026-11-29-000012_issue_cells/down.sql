ALTER TABLE sync_records DROP COLUMN content_hash;
ALTER TABLE sync_records DROP COLUMN issue_columns;
ALTER TABLE sync_issues DROP COLUMN cells;
