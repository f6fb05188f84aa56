-- From when on the secrets of sources are encrypted, which versions before this one cannot read: a day after this
-- migration, so that such a version may still run or be started again; at once in a database that is new, in which no
-- version has stored anything. In epoch milliseconds.
INSERT INTO house_facts (name, value)
SELECT 'secrets_sealing_added_at',
       CASE WHEN EXISTS (SELECT 1 FROM house_facts WHERE name = 'had_a_source') OR EXISTS (SELECT 1 FROM sources)
            THEN (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint::text ELSE '0' END;
INSERT INTO house_facts (name, value)
SELECT 'secrets_sealed_from', CASE WHEN value = '0' THEN '0' ELSE (value::bigint + 86400000)::text END
FROM house_facts WHERE name = 'secrets_sealing_added_at';
