-- How many feeds `feeds` lists, and how many of them failed the last time: pages ask for these two with every look.
ALTER TABLE catalogs ADD COLUMN feed_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalogs ADD COLUMN feeds_failing BIGINT NOT NULL DEFAULT 0;
-- Until when none of those that failed may be asked, by the word of their servers; null where one may at any time.
ALTER TABLE catalogs ADD COLUMN feeds_silent_until TIMESTAMP;
-- Counted as text: a title may hold what a database does not take for JSON. Quotes inside of it have a backslash, so that
-- only names of members look like this, and no number but nothing itself begins with a 0.
UPDATE catalogs SET
    feed_count = (length(feeds) - length(replace(feeds, '"address":', ''))) / length('"address":'),
    feeds_failing = (length(feeds) - length(replace(feeds, '"failures":', ''))) / length('"failures":')
        - (length(feeds) - length(replace(feeds, '"failures":0', ''))) / length('"failures":0')
WHERE feeds <> '[]';
