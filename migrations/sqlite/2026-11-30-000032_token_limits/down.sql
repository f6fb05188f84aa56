DROP INDEX api_tokens_source;
-- Without its limits a token would allow more than was intended.
UPDATE api_tokens SET revoked_at = CURRENT_TIMESTAMP WHERE revoked_at IS NULL AND (source_id IS NOT NULL OR expires_at IS NOT NULL);
ALTER TABLE api_tokens DROP COLUMN expires_at;
ALTER TABLE api_tokens DROP COLUMN source_id;
