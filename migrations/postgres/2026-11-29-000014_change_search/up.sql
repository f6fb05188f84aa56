-- The text that a search among the changes of a run matches: the key and the values before and after, folded. Changes
-- that an older version stored have none.
ALTER TABLE item_changes ADD COLUMN search_text TEXT;
