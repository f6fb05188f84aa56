-- The names of the columns of items, stored once for all items that have them. No foreign key: its check would lock the
-- row of the source, and admission locks that row without waiting.
CREATE TABLE column_layouts (
    number    INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source_id INTEGER NOT NULL,
    columns   TEXT NOT NULL,
    -- Since when no item has it. It is deleted an hour later, because a reader of items reads their layouts after them.
    unused_at TIMESTAMP
);
CREATE INDEX column_layouts_of ON column_layouts (source_id);

-- The numbers by which items name the runs that wrote them.
CREATE TABLE run_numbers (
    number    INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sync_id   TEXT NOT NULL UNIQUE,
    source_id INTEGER NOT NULL,
    unused_at TIMESTAMP
);
CREATE INDEX run_numbers_of ON run_numbers (source_id);

-- From when on items are written in the compact form, which versions before this one cannot read: a day after this
-- migration, so that such a version may still run or be started again; at once in a database that is new, in which no
-- version has stored anything. In epoch milliseconds.
INSERT INTO house_facts (name, value)
SELECT 'compact_form_added_at',
       CASE WHEN EXISTS (SELECT 1 FROM house_facts) OR EXISTS (SELECT 1 FROM sources) THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) ELSE 0 END;
INSERT INTO house_facts (name, value)
SELECT 'compact_form_from', CASE WHEN value = '0' THEN '0' ELSE CAST(CAST(value AS INTEGER) + 86400000 AS TEXT) END
FROM house_facts WHERE name = 'compact_form_added_at';

-- How far the rows of earlier versions are converted.
INSERT INTO house_facts (name, value)
SELECT 'compact_form_progress', CASE WHEN value = '0' THEN 'done' ELSE 'items:0' END
FROM house_facts WHERE name = 'compact_form_added_at';
