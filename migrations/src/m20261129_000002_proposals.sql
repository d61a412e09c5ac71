-- On which days an act is taken (jadwal; "window" is a word of SQL). An empty program: every program that has none of its own.
CREATE TABLE submission_window (
    id {uuid} NOT NULL PRIMARY KEY,
    act {text} NOT NULL,
    program {text} NOT NULL,
    regime {text} NOT NULL,
    opens_rule {text} NOT NULL,
    closes_rule {text} NOT NULL,
    document_number {text} NOT NULL,
    state {text} NOT NULL,
    proposed_by {uuid},
    proposed_at bigint NOT NULL,
    judged_by {uuid},
    judged_at bigint,
    refusal {text},
    -- How it was last opened again: for which period, through which day, on which document, by whom.
    reopened_period {text},
    reopened_last {text},
    reopened_document {text},
    reopened_by {uuid},
    reopened_at bigint,
    reopened_ended_at bigint
);

CREATE UNIQUE INDEX submission_window_in_force ON submission_window (act, program, regime) WHERE state = 'in_force';

CREATE UNIQUE INDEX submission_window_waiting ON submission_window (act, program, regime) WHERE state = 'waiting';

-- A signed paper as it was scanned; used once.
CREATE TABLE paper (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    sha256 {bytes} NOT NULL,
    len bigint NOT NULL,
    blob_key {text} NOT NULL,
    brought_by {uuid} NOT NULL,
    brought_at bigint NOT NULL,
    used_by {text}
);

CREATE INDEX paper_loose ON paper (brought_at) WHERE used_by IS NULL;

-- A family that somebody wrote down at a desk: no list of the ministry or the city named it, and nobody may have seen it yet.
CREATE TABLE desk_family (
    family_id {uuid} NOT NULL PRIMARY KEY REFERENCES family(id),
    registered_by {uuid},
    registered_at bigint NOT NULL
);

-- A deliberation of a village. Signed it stays.
CREATE TABLE deliberation (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    event_id {uuid} NOT NULL UNIQUE,
    region {text} NOT NULL,
    held_on {text} NOT NULL,
    place {text} NOT NULL,
    attendees_enc {bytes} NOT NULL,
    number {text},
    paper_id {uuid} REFERENCES paper(id),
    signed_by {uuid},
    signed_at bigint,
    created_by {uuid} NOT NULL,
    created_at bigint NOT NULL
);

CREATE INDEX deliberation_region ON deliberation (region, id);

-- A proposal: what, about whom, where it stands. A finding's has a visit and no family until somebody takes it up.
CREATE TABLE proposal (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    event_id {uuid} UNIQUE,
    kind {text} NOT NULL,
    state {text} NOT NULL,
    since bigint NOT NULL,
    region {text} NOT NULL,
    program {text} NOT NULL,
    family_id {uuid} REFERENCES family(id),
    person_id {uuid} REFERENCES person(id),
    visit_id {uuid} REFERENCES visit(id),
    finding_id {uuid} UNIQUE REFERENCES visit(id),
    reason {text},
    to_region {text},
    document_number {text},
    note_enc {bytes},
    period {text},
    late_sync boolean NOT NULL,
    rejection {text},
    deliberation_id {uuid} REFERENCES deliberation(id),
    sptjm_number {text},
    sptjm_signer_enc {bytes},
    sptjm_paper_id {uuid} REFERENCES paper(id),
    copy_of {uuid},
    -- What it led to when it was endorsed.
    membership_id {uuid} REFERENCES membership(id),
    case_id {uuid} REFERENCES verification_case(id),
    created_at bigint NOT NULL
);

CREATE INDEX proposal_region_state ON proposal (region, state, id);

CREATE INDEX proposal_state ON proposal (state, region, since);

CREATE INDEX proposal_family ON proposal (family_id);

CREATE INDEX proposal_visit ON proposal (visit_id);

CREATE INDEX proposal_membership ON proposal (membership_id);

CREATE UNIQUE INDEX one_open_family_proposal ON proposal (kind, program, family_id) WHERE family_id IS NOT NULL AND person_id IS NULL AND state NOT IN ('accepted','rejected','withdrawn');

CREATE UNIQUE INDEX one_open_person_proposal ON proposal (kind, program, person_id) WHERE person_id IS NOT NULL AND state NOT IN ('accepted','rejected','withdrawn');

-- What happened to a proposal, in order; what somebody wrote beside it is sealed.
CREATE TABLE proposal_act (
    proposal_id {uuid} NOT NULL REFERENCES proposal(id),
    seq integer NOT NULL,
    at bigint NOT NULL,
    action {text} NOT NULL,
    to_state {text} NOT NULL,
    by_id {uuid},
    role {text} NOT NULL,
    reason {text},
    document_number {text},
    note_enc {bytes},
    PRIMARY KEY (proposal_id, seq)
);

-- The names of a deliberation and what it said of each; proposal_seq is the act by which the proposal says what it said then.
CREATE TABLE deliberation_name (
    deliberation_id {uuid} NOT NULL REFERENCES deliberation(id),
    proposal_id {uuid} NOT NULL REFERENCES proposal(id),
    position integer NOT NULL,
    proposal_seq integer NOT NULL,
    said {text},
    reason {text},
    PRIMARY KEY (deliberation_id, proposal_id)
);

CREATE INDEX deliberation_name_proposal ON deliberation_name (proposal_id);
