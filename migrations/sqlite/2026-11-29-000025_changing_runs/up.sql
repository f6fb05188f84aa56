-- The runs that changed items, newest last: a feed of a catalog finds the latest of them, however many runs since then
-- changed nothing. The counts are JSON of a fixed order; a pattern, unlike a JSON function, refuses no text.
CREATE INDEX sync_records_changing ON sync_records (source_id, finished_at, id)
WHERE kind <> 'preview'
    AND (stats NOT LIKE '%"added":0,"updated":0,"unchanged":%' OR stats NOT LIKE '%"removed":0,"rejected":%');
-- When the source last became public after having been private; null if it never did. Visitors could not read what its
-- catalog had before.
ALTER TABLE sources ADD COLUMN public_since TIMESTAMP;
