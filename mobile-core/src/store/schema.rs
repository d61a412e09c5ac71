//! The tables of the phone. `user_version` counts the steps a file has seen; a step, once shipped, never changes.

/// `device.db`: what belongs to the phone, whoever is signed in. Drafts, chain and outbox outlive every session.
pub(super) const DEVICE: &[&str] = &[
    r"
-- Single facts, by name (see `meta.rs`).
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Enrolments, newest last: each has a device id and a chain of its own.
CREATE TABLE enrolment (
    device TEXT NOT NULL PRIMARY KEY,
    officer TEXT NOT NULL,
    username TEXT NOT NULL,
    enrolled_at INTEGER NOT NULL,
    chain_seq INTEGER NOT NULL DEFAULT 0,
    chain_hash BLOB,
    revoked TEXT
);

-- Visits that are not sealed yet. What the officer wrote, photographed and pinned is encrypted in every build: until the
-- seal it would otherwise lie readable on a stolen phone.
CREATE TABLE draft (
    visit TEXT NOT NULL PRIMARY KEY,
    officer TEXT NOT NULL,
    case_id TEXT,
    case_version INTEGER,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    training INTEGER NOT NULL,
    supersedes TEXT,
    arrived_at INTEGER NOT NULL,
    -- The whole form, so that the draft can be sealed when the roster is gone.
    form TEXT,
    -- Encrypted.
    pin BLOB,
    unreachable TEXT,
    notice_read_at INTEGER
) WITHOUT ROWID;

CREATE TABLE draft_photo (
    photo TEXT NOT NULL,
    visit TEXT NOT NULL REFERENCES draft (visit) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    len INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    camera TEXT NOT NULL,
    verdicts TEXT NOT NULL,
    -- The encrypted JPEG under drafts/; absent for a photo that stands from the returned visit.
    file TEXT,
    -- The photo as the returned visit sealed it.
    kept TEXT,
    PRIMARY KEY (visit, photo)
) WITHOUT ROWID;

CREATE TABLE draft_answer (
    visit TEXT NOT NULL REFERENCES draft (visit) ON DELETE CASCADE,
    question TEXT NOT NULL,
    -- Encrypted.
    value BLOB NOT NULL,
    PRIMARY KEY (visit, question)
) WITHOUT ROWID;

-- 320 px views of photos, drafts' and sealed ones'.
CREATE TABLE photo_view (
    photo TEXT NOT NULL PRIMARY KEY,
    -- Encrypted.
    jpeg BLOB NOT NULL
);

-- Sealed visits, own and carried, in the order in which they came.
CREATE TABLE outbox_visit (
    visit TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    officer TEXT NOT NULL,
    case_id TEXT,
    captured_at INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    manifest_sha256 TEXT NOT NULL UNIQUE,
    answers BLOB,
    carried INTEGER NOT NULL,
    -- `waiting`, `sent` or `attention`.
    state TEXT NOT NULL,
    why TEXT,
    received_at INTEGER,
    upload_grant TEXT,
    queued INTEGER NOT NULL
);

-- A photo belongs to (device, bytes); visits link to it, so a retake keeps the rest without sending it again.
CREATE TABLE outbox_photo (
    photo TEXT NOT NULL PRIMARY KEY,
    device TEXT NOT NULL,
    -- Its name under spool/.
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    sealed_sha256 TEXT NOT NULL,
    sealed_len INTEGER NOT NULL,
    -- `fresh` (never announced), `probe` (ask where it stands), `tail` (send from `sent_bytes` on), `whole`.
    stage TEXT NOT NULL,
    sent_bytes INTEGER NOT NULL DEFAULT 0,
    why TEXT,
    problem TEXT,
    received_at INTEGER,
    safe_at INTEGER,
    -- When this phone heard that it is safe, by its own clock and boot: the bytes stay some days more.
    safe_heard_at INTEGER,
    -- Whether the receipt was asked for since the last byte was sent.
    asked INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    on_phone INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;

CREATE TABLE outbox_link (
    visit TEXT NOT NULL REFERENCES outbox_visit (visit),
    photo TEXT NOT NULL REFERENCES outbox_photo (photo),
    position INTEGER NOT NULL,
    PRIMARY KEY (visit, photo)
) WITHOUT ROWID;

CREATE INDEX outbox_link_photo ON outbox_link (photo);

-- Requests that were handed out and have no answer yet.
CREATE TABLE in_flight (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    made INTEGER NOT NULL,
    UNIQUE (kind, subject)
) WITHOUT ROWID;

-- What waits until when, by the clock that nobody can set.
CREATE TABLE backoff (
    scope TEXT NOT NULL PRIMARY KEY,
    boot_id TEXT NOT NULL,
    until_ns INTEGER NOT NULL,
    tries INTEGER NOT NULL
) WITHOUT ROWID;
",
    r"
-- Gang sempit: the front is two halves.
ALTER TABLE draft ADD COLUMN narrow INTEGER NOT NULL DEFAULT 0;

-- Officers whose drafts stay shut until they sign in.
CREATE TABLE guarded (
    officer TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- What this phone sealed, for the month's report and for telling which visit answers which: numbers and ids only. It
-- outlives what it counts.
CREATE TABLE visit_log (
    visit TEXT NOT NULL PRIMARY KEY,
    officer TEXT NOT NULL,
    case_id TEXT,
    case_version INTEGER,
    supersedes TEXT,
    kind TEXT NOT NULL,
    region TEXT NOT NULL,
    training INTEGER NOT NULL,
    sealed_at INTEGER NOT NULL,
    photos INTEGER NOT NULL,
    received_at INTEGER,
    photos_safe INTEGER NOT NULL DEFAULT 0,
    -- It came back.
    returned INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX visit_log_officer ON visit_log (officer, sealed_at);

-- The answers of a sealed visit, as the draft had them, so that a retake need not ask again. Each is encrypted for its
-- visit and question; they go when the case does.
CREATE TABLE sealed_answer (
    visit TEXT NOT NULL,
    question TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (visit, question)
) WITHOUT ROWID;
",
    r"
-- The family's name as the officer saw it, encrypted: the outbox tells of a visit also when its case left the roster. It
-- goes with the bytes of the photos.
ALTER TABLE outbox_visit ADD COLUMN title BLOB;

-- Taken up from this phone's own disk after its database was gone: nothing that is brought takes its place.
ALTER TABLE outbox_visit ADD COLUMN taken_up INTEGER NOT NULL DEFAULT 0;

-- The signing key that was enrolled.
ALTER TABLE enrolment ADD COLUMN public_key BLOB;
",
];

/// `account-<user>.db`: what belongs to one officer. It goes when the phone is revoked.
pub(super) const ACCOUNT: &[&str] = &[
    r"
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE bucket (
    bucket TEXT NOT NULL PRIMARY KEY,
    -- u64 as two's complement.
    seq INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0,
    mismatches INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Rows as they came, also those that this build cannot read.
CREATE TABLE feed_row (
    bucket TEXT NOT NULL REFERENCES bucket (bucket) ON DELETE CASCADE,
    object TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    op TEXT NOT NULL,
    body TEXT,
    PRIMARY KEY (bucket, object)
) WITHOUT ROWID;

CREATE INDEX feed_row_object ON feed_row (object);
",
    r"
-- The last photo of an assigned house. It goes with the assignment.
CREATE TABLE house_photo (
    case_id TEXT NOT NULL PRIMARY KEY,
    -- The pin for which it was asked: another pin is another visit, and perhaps another photo.
    pin_at INTEGER NOT NULL,
    taken_at INTEGER,
    -- Encrypted; absent: the server has none.
    jpeg BLOB
);
",
];
