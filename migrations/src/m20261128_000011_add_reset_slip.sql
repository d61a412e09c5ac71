-- A one-time permission to choose a new password; the second person's release stands beside it, with a second code.
CREATE TABLE reset_slip (
    id {uuid} NOT NULL PRIMARY KEY,
    code_hash {bytes} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL REFERENCES user_account(id),
    issued_by {uuid} NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    removes_codes boolean NOT NULL,
    needs_release boolean NOT NULL,
    released_by {uuid},
    released_at bigint,
    release_hash {bytes},
    used_at bigint,
    withdrawn_at bigint
);

CREATE INDEX reset_slip_by_user ON reset_slip (user_id);
