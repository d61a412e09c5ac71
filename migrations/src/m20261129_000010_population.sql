-- What a feed sent at once, signed: over HTTP or as a file. Its nonce is never taken again.
CREATE TABLE civil_batch (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    feed {text} NOT NULL,
    key_name {text} NOT NULL,
    nonce {text} NOT NULL,
    signed_at bigint NOT NULL,
    channel {text} NOT NULL,
    region {text} NOT NULL,
    state {text} NOT NULL,
    trips {text} NOT NULL,
    events integer NOT NULL,
    deaths integer NOT NULL,
    first_seq bigint,
    last_seq bigint,
    received_by {uuid} NOT NULL,
    received_at bigint NOT NULL,
    reason {text},
    decided_by {uuid},
    decided_at bigint
);

CREATE UNIQUE INDEX civil_batch_nonce ON civil_batch (key_name, nonce);

CREATE INDEX civil_batch_received ON civil_batch (received_at, id);

CREATE INDEX civil_batch_parked ON civil_batch (received_at, id) WHERE state = 'parked';

-- The last number of a feed that was let through.
CREATE TABLE civil_feed (
    feed {text} NOT NULL PRIMARY KEY,
    last_seq bigint NOT NULL
);

-- An event of the civil registry, as it came and sealed; by whose NIK it is found again, and what became of it.
CREATE TABLE civil_event (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    batch_id {uuid} NOT NULL REFERENCES civil_batch(id),
    feed {text} NOT NULL,
    feed_event {text} NOT NULL,
    kind {text} NOT NULL,
    seq bigint NOT NULL,
    nik_key {bytes} NOT NULL,
    body_enc {bytes} NOT NULL,
    body_hash {bytes} NOT NULL,
    effective_on {text} NOT NULL,
    received_at bigint NOT NULL,
    region {text} NOT NULL,
    person_id {uuid},
    family_id {uuid},
    state {text} NOT NULL,
    why {text},
    follow_up {text},
    due_at bigint,
    effect {text},
    reason {text},
    settled_by {uuid},
    settled_at bigint
);

CREATE UNIQUE INDEX civil_event_feed ON civil_event (feed, feed_event);

CREATE INDEX civil_event_nik ON civil_event (nik_key, seq);

CREATE INDEX civil_event_batch ON civil_event (batch_id, seq);

CREATE INDEX civil_event_received ON civil_event (received_at, id);

CREATE INDEX civil_event_family ON civil_event (family_id);

CREATE INDEX civil_event_person ON civil_event (person_id);

CREATE INDEX civil_event_waiting ON civil_event (received_at, id) WHERE state IN ('to_judge', 'unmatched') OR follow_up IS NOT NULL;

-- A family that moved to another village of the city.
CREATE TABLE family_move (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    civil_event_id {uuid},
    name {text} NOT NULL,
    from_region {text} NOT NULL,
    from_address {text} NOT NULL,
    from_rt {text} NOT NULL,
    from_rw {text} NOT NULL,
    from_house {uuid} NOT NULL,
    -- JSON: where it lived apart from that address.
    from_domicile {text},
    to_region {text} NOT NULL,
    to_address {text} NOT NULL,
    to_house {uuid} NOT NULL,
    programs {text} NOT NULL,
    cases integer NOT NULL,
    state {text} NOT NULL,
    moved_by {uuid},
    moved_at bigint NOT NULL,
    due_at bigint NOT NULL,
    reason {text},
    answered_by {uuid},
    answered_at bigint
);

CREATE INDEX family_move_family ON family_move (family_id, moved_at);

CREATE INDEX family_move_from ON family_move (from_region, moved_at);

CREATE INDEX family_move_to ON family_move (to_region, moved_at);

CREATE INDEX family_move_arrived ON family_move (moved_at, id) WHERE state = 'arrived';

-- Where the door of a family was pinned before it moved: it follows the family and is no pin of the new house.
CREATE TABLE former_pin (
    house_id {uuid} NOT NULL PRIMARY KEY REFERENCES house(id),
    lat_e7 bigint NOT NULL,
    lon_e7 bigint NOT NULL,
    accuracy_cm bigint NOT NULL,
    pinned_at bigint NOT NULL,
    stale_since bigint NOT NULL
);

-- Whether the civil registry knows somebody as we do: asked by people, answered by its feed.
CREATE TABLE match_request (
    id {uuid} NOT NULL PRIMARY KEY,
    person_id {uuid} NOT NULL REFERENCES person(id),
    family_id {uuid} NOT NULL REFERENCES family(id),
    region {text} NOT NULL,
    asked_by {uuid} NOT NULL,
    asked_at bigint NOT NULL,
    event_id {uuid} NOT NULL,
    asked_key {bytes} NOT NULL,
    result {text},
    differs {text},
    answered_at bigint,
    feed {text}
);

CREATE UNIQUE INDEX match_request_waiting ON match_request (person_id) WHERE answered_at IS NULL;

CREATE INDEX match_request_queue ON match_request (asked_at, id) WHERE answered_at IS NULL;

CREATE INDEX match_request_person ON match_request (person_id, asked_at);

CREATE INDEX match_request_event ON match_request (event_id);

CREATE INDEX match_request_asked ON match_request (asked_at, id);

-- Nonces of what is no batch of events: those stand with their batch.
CREATE TABLE feed_nonce (
    key_name {text} NOT NULL,
    nonce {text} NOT NULL,
    used_at bigint NOT NULL,
    PRIMARY KEY (key_name, nonce)
);
