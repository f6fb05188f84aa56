DROP TABLE item_changes;
DROP TABLE sync_issues;
DROP TABLE sync_records;
DROP TABLE sync_operations;
DROP TABLE items;
DROP TABLE catalogs;
DROP TABLE sources;
