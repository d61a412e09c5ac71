ALTER TABLE import_run ADD COLUMN sheet integer;

-- What a person said of a file's columns, for every file with headers like these.
CREATE TABLE import_mapping (
    kind {text} NOT NULL,
    fingerprint {bytes} NOT NULL,
    columns {text} NOT NULL,
    mapped_by {uuid} NOT NULL,
    mapped_at bigint NOT NULL,
    PRIMARY KEY (kind, fingerprint)
);

-- An approved act that somebody has to enter in the ministry's system, for that has no interface for a city. Its object
-- is named as the journal does: acts upon proposals may join those upon memberships.
CREATE TABLE ministry_act (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    kind {text} NOT NULL,
    object {text} NOT NULL,
    program {text} NOT NULL,
    region {text} NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    reason {text},
    approved_at bigint NOT NULL,
    entered_by {uuid},
    entered_at bigint
);

CREATE INDEX ministry_act_open ON ministry_act (approved_at, id) WHERE entered_at IS NULL;

CREATE INDEX ministry_act_region ON ministry_act (region, entered_at);

-- Cancellations of before this list: a notice was written of each.
INSERT INTO ministry_act (id, version, kind, object, program, region, family_id, person_id, reason, approved_at)
SELECT n.id, 1, 'cancelled', 'membership', m.program, m.region, m.family_id, m.person_id, n.reason, n.created_at
FROM notice n JOIN membership m ON m.id = n.membership_id JOIN program p ON p.code = m.program
WHERE p.central AND m.state IN ('inactive', 'replaced') AND m.region NOT LIKE '00%';

-- A file that was asked for, to leave the installation; its bytes are in the blob store for a day.
CREATE TABLE export_run (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    format {text} NOT NULL,
    region {text} NOT NULL,
    program {text},
    personal boolean NOT NULL,
    purpose {text},
    state {text} NOT NULL,
    asked_by {uuid} NOT NULL,
    asked_at bigint NOT NULL,
    answered_by {uuid},
    answered_at bigint,
    rows bigint,
    bytes bigint,
    sha256 {bytes},
    until bigint,
    downloads integer NOT NULL,
    attempt {uuid}
);

-- The pieces in which such a file is kept. Each stands here before its bytes do, so that none is ever forgotten.
CREATE TABLE export_part (
    export_id {uuid} NOT NULL REFERENCES export_run(id),
    attempt {uuid} NOT NULL,
    position integer NOT NULL,
    sha256 {bytes} NOT NULL,
    PRIMARY KEY (export_id, attempt, position)
);

CREATE INDEX export_run_asker ON export_run (asked_by, asked_at);

CREATE INDEX export_run_region ON export_run (region, asked_at);

-- An archive of photos that a city held before, and what became of its files.
CREATE TABLE old_photo_run (
    id {uuid} NOT NULL PRIMARY KEY,
    state {text} NOT NULL,
    sha256 {bytes} NOT NULL,
    brought_by {uuid} NOT NULL,
    at bigint NOT NULL,
    files bigint NOT NULL,
    done bigint NOT NULL,
    taken bigint NOT NULL,
    known bigint NOT NULL,
    rejected bigint NOT NULL,
    told {text} NOT NULL,
    -- Whether its bytes are kept, or may be.
    kept boolean NOT NULL,
    -- A photo whose bytes may be kept before its row is.
    drawn_id {uuid},
    drawn_sha256 {bytes}
);

-- Photos that a city held before. Never evidence: nothing that decides reads them.
CREATE TABLE old_photo (
    id {uuid} NOT NULL PRIMARY KEY,
    family_id {uuid} NOT NULL REFERENCES family(id),
    run_id {uuid} NOT NULL REFERENCES old_photo_run(id),
    source_sha256 {bytes} NOT NULL,
    sha256 {bytes} NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    brought_at bigint NOT NULL
);

CREATE UNIQUE INDEX old_photo_same ON old_photo (family_id, source_sha256);
