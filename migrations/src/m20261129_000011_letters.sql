-- How an office's letters look; the newest version counts. No data of citizens.
CREATE TABLE letter_office (
    region {text} NOT NULL,
    version integer NOT NULL,
    settings {text} NOT NULL,
    recorded_by {uuid} NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (region, version)
);

-- The last running number of an office's year.
CREATE TABLE letter_counter (
    office {text} NOT NULL,
    year integer NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (office, year)
);

-- A letter; its id is its event's. What is printed, and the token of its code, are sealed. The token's hash finds it.
CREATE TABLE letter (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    kind {text} NOT NULL,
    region {text} NOT NULL,
    office {text} NOT NULL,
    office_version integer NOT NULL,
    family_id {uuid} REFERENCES family(id),
    person_id {uuid},
    notice_id {uuid} REFERENCES notice(id),
    number {text} NOT NULL,
    number_key {text} NOT NULL,
    year integer NOT NULL,
    token_hash {bytes} NOT NULL,
    content_enc {bytes} NOT NULL,
    issued_by {uuid} NOT NULL,
    issued_at bigint NOT NULL,
    valid_until bigint,
    copies integer NOT NULL,
    revoked_by {uuid},
    revoked_at bigint,
    revocation {text}
);

CREATE UNIQUE INDEX letter_number ON letter (office, year, number_key);

CREATE UNIQUE INDEX letter_token ON letter (token_hash);

-- One that counts.
CREATE UNIQUE INDEX letter_notice ON letter (notice_id) WHERE revoked_at IS NULL;

CREATE INDEX letter_family ON letter (family_id, issued_at);

CREATE INDEX letter_region ON letter (region, issued_at, id);

-- Each print; its id is its event's.
CREATE TABLE letter_print (
    id {uuid} NOT NULL PRIMARY KEY,
    letter_id {uuid} NOT NULL REFERENCES letter(id),
    copy integer NOT NULL,
    printed_by {uuid} NOT NULL,
    printed_at bigint NOT NULL
);

CREATE UNIQUE INDEX letter_print_copy ON letter_print (letter_id, copy);

ALTER TABLE notice ADD COLUMN delivered_how {text};
