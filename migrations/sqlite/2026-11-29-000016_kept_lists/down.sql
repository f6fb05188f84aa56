ALTER TABLE removal_reviews DROP COLUMN kept_list;
