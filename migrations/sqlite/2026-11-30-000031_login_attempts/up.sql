-- Attempts to log in of the last minutes, which limit how many passwords can be guessed. One that succeeds is deleted.
CREATE TABLE login_attempts (
    id           TEXT PRIMARY KEY NOT NULL,
    -- The SHA-256 of the username: some people type their password there.
    account      TEXT NOT NULL,
    -- An IPv4 address, or an IPv6 network of 64 bits.
    network      TEXT NOT NULL,
    attempted_at TIMESTAMP NOT NULL
);
CREATE INDEX login_attempts_account ON login_attempts (account, attempted_at);
CREATE INDEX login_attempts_network ON login_attempts (network, attempted_at);
CREATE INDEX login_attempts_time ON login_attempts (attempted_at);
