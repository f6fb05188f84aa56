ALTER TABLE sync_records DROP COLUMN read_table;
ALTER TABLE sync_issues DROP COLUMN cells;
