-- Since when signing in asks for a code; nothing: it does not.
ALTER TABLE user_account ADD COLUMN second_factor_at bigint;

-- When a code was last shown in this session.
ALTER TABLE session ADD COLUMN stepped_up_at bigint;

-- The secret behind the codes, sealed; one that is being set up beside the one in force. `last_step` is the newest step
-- whose code was used: no code counts twice.
CREATE TABLE second_factor (
    user_id {uuid} NOT NULL PRIMARY KEY REFERENCES user_account(id),
    secret_enc {bytes},
    pending_enc {bytes},
    last_step bigint NOT NULL
);

-- One-time codes for who has lost the phone that makes them.
CREATE TABLE recovery_code (
    user_id {uuid} NOT NULL REFERENCES user_account(id),
    code_hash {bytes} NOT NULL,
    used_at bigint,
    PRIMARY KEY (user_id, code_hash)
);
