-- Earlier versions cannot read encrypted secrets: the next statement fails if there are any, because a value is
-- missing.
INSERT INTO house_facts (name, value)
SELECT 'secrets_are_sealed', NULL
WHERE EXISTS (SELECT 1 FROM sources WHERE location LIKE 'sealed:%')
   OR EXISTS (SELECT 1 FROM catalogs WHERE validators LIKE 'sealed:%' OR feeds LIKE 'sealed:%');
DELETE FROM house_facts WHERE name IN ('secrets_sealing_added_at', 'secrets_sealed_from', 'secret_key_fingerprint');
