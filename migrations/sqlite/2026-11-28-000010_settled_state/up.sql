-- When the catalog was last in step with its source, and its columns and their types then. A run that withholds
-- removals writes rows, columns and types all the same; whether the next one has reason to doubt is measured by what
-- was before.
ALTER TABLE catalogs ADD COLUMN settled_at TIMESTAMP;
ALTER TABLE catalogs ADD COLUMN settled_columns TEXT NOT NULL DEFAULT '[]';
ALTER TABLE catalogs ADD COLUMN settled_types TEXT NOT NULL DEFAULT '[]';
UPDATE catalogs SET settled_at = last_success_at, settled_columns = columns, settled_types = column_types
WHERE settled_count = item_count;
