-- A family's own appeal against the end of its place. What it says, who came, and what people wrote of it are
-- sealed; of its receipt the hash is known, and the text sealed for who prints it.
CREATE TABLE appeal (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    receipt_hash {bytes} NOT NULL UNIQUE,
    receipt_enc {bytes} NOT NULL,
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    program {text} NOT NULL,
    region {text} NOT NULL,
    reason {text},
    ended_at bigint NOT NULL,
    state {text} NOT NULL,
    appellant {text} NOT NULL,
    came_enc {bytes} NOT NULL,
    grounds_enc {bytes} NOT NULL,
    late boolean NOT NULL,
    filed_by {uuid} NOT NULL,
    filed_at bigint NOT NULL,
    due_at bigint NOT NULL,
    outcome {text},
    outcome_reason {text},
    finding_enc {bytes},
    examined_by {uuid},
    examined_at bigint,
    agreed boolean,
    word_enc {bytes},
    judged_by {uuid},
    judged_at bigint,
    closed_at bigint,
    restored {text}
);

-- One at a time about one place.
CREATE UNIQUE INDEX appeal_open ON appeal (membership_id) WHERE closed_at IS NULL;

CREATE INDEX appeal_due ON appeal (due_at, id) WHERE closed_at IS NULL;

CREATE INDEX appeal_membership ON appeal (membership_id, filed_at);

CREATE INDEX appeal_closed ON appeal (closed_at, id);

-- A place that came back when its slot had already gone to another: paid beside the quota until a slot frees.
CREATE TABLE restoration (
    id {uuid} NOT NULL PRIMARY KEY,
    appeal_id {uuid} NOT NULL REFERENCES appeal(id),
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    program {text} NOT NULL,
    region {text} NOT NULL,
    since bigint NOT NULL,
    until bigint,
    slot_id {uuid}
);

CREATE UNIQUE INDEX restoration_membership ON restoration (membership_id) WHERE until IS NULL;

CREATE INDEX restoration_waiting ON restoration (program, region, since) WHERE until IS NULL;
