-- The cells of skipped rows, as a JSON array; NULL for other issues, and for rows that are too large. The names of the
-- columns are stored once for each run, as a JSON array with null for columns that were left out, and with the SHA-256 of
-- the content that was read.
ALTER TABLE sync_issues ADD COLUMN cells TEXT;
ALTER TABLE sync_records ADD COLUMN issue_columns TEXT;
ALTER TABLE sync_records ADD COLUMN content_hash TEXT;
