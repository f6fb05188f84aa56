-- Where the items are that a run added, in the order in which they came: a page of a million is found without counting
-- those before it, and without an index that every load would pay for. A run that was alone has one span.
CREATE TABLE added_spans (
    sync_id    TEXT NOT NULL,
    -- How many items the run had added before these.
    earlier    BIGINT NOT NULL,
    item_count BIGINT NOT NULL,
    -- The lowest and the highest of their ids; between them there may be items of other runs.
    first_item BIGINT NOT NULL,
    last_item  BIGINT NOT NULL,
    PRIMARY KEY (sync_id, earlier)
);
INSERT INTO added_spans (sync_id, earlier, item_count, first_item, last_item)
SELECT added_by, 0, count(*), min(id), max(id) FROM items GROUP BY added_by;
