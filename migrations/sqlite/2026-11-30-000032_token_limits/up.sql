-- A token may be limited to one source, with which it is removed, and to a time.
ALTER TABLE api_tokens ADD COLUMN source_id INTEGER REFERENCES sources (id) ON DELETE CASCADE;
ALTER TABLE api_tokens ADD COLUMN expires_at TIMESTAMP;
CREATE INDEX api_tokens_source ON api_tokens (source_id);
