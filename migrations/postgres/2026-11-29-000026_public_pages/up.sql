-- How a catalog presents itself: its title (null for the name of the source) and description, for all readers.
ALTER TABLE sources ADD COLUMN page_title TEXT;
ALTER TABLE sources ADD COLUMN page_description TEXT NOT NULL DEFAULT '';
-- Whether search engines may list the catalog, if it is public.
ALTER TABLE sources ADD COLUMN is_indexed BOOLEAN NOT NULL DEFAULT FALSE;
-- The sites that may show the catalog in a frame, if it is public, separated by spaces: `https://example.org`.
ALTER TABLE sources ADD COLUMN frame_hosts TEXT NOT NULL DEFAULT '';
