-- A citizen's objection against a recipient or against being left out. Whom it names, what it says and who says it are sealed;
-- of its receipt the hash is known, and the text sealed for who prints it.
CREATE TABLE objection (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    kind {text} NOT NULL,
    region {text} NOT NULL,
    family_id {uuid} REFERENCES family(id),
    about_enc {bytes} NOT NULL,
    grounds_enc {bytes} NOT NULL,
    objector_enc {bytes} NOT NULL,
    same_key {bytes} NOT NULL,
    said_before boolean NOT NULL,
    receipt_hash {bytes} NOT NULL UNIQUE,
    receipt_enc {bytes} NOT NULL,
    state {text} NOT NULL,
    filed_by {uuid},
    filed_at bigint NOT NULL,
    due_at bigint NOT NULL,
    case_id {uuid} REFERENCES verification_case(id),
    reason {text},
    answered_by {uuid},
    closed_at bigint
);

CREATE INDEX objection_due ON objection (due_at, id) WHERE closed_at IS NULL;

CREATE INDEX objection_closed ON objection (closed_at, id);

CREATE INDEX objection_same ON objection (same_key) WHERE closed_at IS NULL;

CREATE INDEX objection_family ON objection (family_id) WHERE closed_at IS NULL;

-- What an objector shows: drawn anew, sealed, and never among the photos of visits.
CREATE TABLE objection_photo (
    id {uuid} NOT NULL PRIMARY KEY,
    objection_id {uuid} REFERENCES objection(id),
    position integer NOT NULL,
    brought_by {uuid},
    source_sha256 {bytes} NOT NULL,
    sha256 {bytes} NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    brought_at bigint NOT NULL,
    gone boolean NOT NULL
);

CREATE INDEX objection_photo_of ON objection_photo (objection_id, position);

CREATE INDEX objection_photo_loose ON objection_photo (brought_at) WHERE objection_id IS NULL;

-- What strangers have used of a day's quota, by a keyed hash of where they are, and all together.
CREATE TABLE public_quota (
    subject {text} NOT NULL PRIMARY KEY,
    since bigint NOT NULL,
    uses bigint NOT NULL,
    bytes bigint NOT NULL
);

CREATE INDEX public_quota_since ON public_quota (since);
