-- The list that an admin decided to keep before this list of a source that fails took its place, as JSON. Its items
-- stay in `withheld_items`. Null if there was none.
ALTER TABLE removal_reviews ADD COLUMN kept_list TEXT;
