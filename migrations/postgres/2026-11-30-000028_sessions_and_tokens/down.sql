DROP INDEX sessions_user;
ALTER TABLE api_tokens DROP COLUMN last_used_at;
ALTER TABLE users DROP COLUMN last_active_at;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN user_agent;
ALTER TABLE sessions DROP COLUMN created_at;
