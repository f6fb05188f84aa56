ALTER TABLE item_changes DROP COLUMN search_text;
