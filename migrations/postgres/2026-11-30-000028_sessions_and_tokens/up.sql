-- When a session began (null if an earlier version began it), and in which browser, as its `User-Agent` says.
ALTER TABLE sessions ADD COLUMN created_at TIMESTAMP;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
-- When a session, a user and a token were last used, to within five minutes.
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMP;
ALTER TABLE users ADD COLUMN last_active_at TIMESTAMP;
ALTER TABLE api_tokens ADD COLUMN last_used_at TIMESTAMP;
-- The sessions of a user are listed, and end together.
CREATE INDEX sessions_user ON sessions (user_id);
