-- The cells of skipped rows, as a JSON array; NULL for other issues, and for rows that are too large. The table that they
-- belong to is stored once for each run, as JSON: the names of the columns, with null for columns that were left out, the
-- SHA-256 of the content, and the number of the tab.
ALTER TABLE sync_issues ADD COLUMN cells TEXT;
ALTER TABLE sync_records ADD COLUMN read_table TEXT;
