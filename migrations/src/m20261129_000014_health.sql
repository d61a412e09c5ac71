-- What BPJS said of a person's health insurance, line by line, with its day. Who it is of is sealed; found again by NIK.
CREATE TABLE health_statement (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    feed {text} NOT NULL,
    feed_event {text} NOT NULL,
    channel {text} NOT NULL,
    brought_by {uuid},
    nik_key {bytes} NOT NULL,
    body_enc {bytes} NOT NULL,
    body_hash {bytes} NOT NULL,
    status {text} NOT NULL,
    segment {text},
    since {text},
    as_of {text} NOT NULL,
    received_at bigint NOT NULL,
    waits_since bigint NOT NULL,
    region {text} NOT NULL,
    person_id {uuid},
    state {text} NOT NULL,
    why {text},
    due_on {text},
    reason {text},
    settled_by {uuid},
    settled_at bigint
);

CREATE UNIQUE INDEX health_statement_feed ON health_statement (feed, feed_event);

CREATE UNIQUE INDEX health_statement_current ON health_statement (person_id) WHERE state = 'current';

CREATE INDEX health_statement_person ON health_statement (person_id, as_of);

CREATE INDEX health_statement_said ON health_statement (body_hash);

CREATE INDEX health_statement_nik ON health_statement (nik_key);

CREATE INDEX health_statement_received ON health_statement (received_at, id);

CREATE INDEX health_statement_waiting ON health_statement (waits_since, id) WHERE why IS NOT NULL OR state = 'unmatched';
