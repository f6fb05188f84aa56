-- From when on the secrets of sources are encrypted, which versions before this one cannot read: a day after this
-- migration, so that such a version may still run or be started again; at once in a database that is new, in which no
-- version has stored anything. In epoch milliseconds.
INSERT INTO house_facts (name, value)
SELECT 'secrets_sealing_added_at',
       CASE WHEN EXISTS (SELECT 1 FROM house_facts WHERE name = 'had_a_source') OR EXISTS (SELECT 1 FROM sources)
            THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) ELSE 0 END;
INSERT INTO house_facts (name, value)
SELECT 'secrets_sealed_from', CASE WHEN value = '0' THEN '0' ELSE CAST(CAST(value AS INTEGER) + 86400000 AS TEXT) END
FROM house_facts WHERE name = 'secrets_sealing_added_at';
