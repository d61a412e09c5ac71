-- A version of what makes a family eligible for a program under a regime, in a region.
CREATE TABLE rule (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    program {text} NOT NULL REFERENCES program(code),
    regime {text} NOT NULL,
    region {text} NOT NULL REFERENCES region(code),
    number integer NOT NULL,
    state {text} NOT NULL,
    body {text} NOT NULL,
    foretold {text},
    made_by {uuid},
    made_at bigint NOT NULL,
    submitted_by {uuid},
    submitted_at bigint,
    decided_by {uuid},
    decided_at bigint,
    refusal {text},
    superseded_at bigint
);

CREATE UNIQUE INDEX rule_number ON rule (program, regime, region, number);

CREATE UNIQUE INDEX one_rule_in_force ON rule (program, regime, region) WHERE state = 'in_force';

CREATE UNIQUE INDEX one_rule_waiting ON rule (program, regime, region) WHERE state = 'waiting';

-- What somebody recorded about a family or a person that a rule may ask for. Who says so and what shows it are words of
-- people about people: sealed. The number of a document is in clear, as everywhere.
CREATE TABLE eligibility_fact (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    code {text} NOT NULL,
    body_enc {bytes} NOT NULL,
    document_number {text},
    valid_from bigint NOT NULL,
    valid_until bigint,
    appeal {text} NOT NULL,
    recorded_by {uuid},
    recorded_at bigint NOT NULL,
    appealed_by {uuid},
    appealed_at bigint,
    decided_by {uuid},
    decided_at bigint
);

CREATE INDEX eligibility_fact_family ON eligibility_fact (family_id);

CREATE INDEX eligibility_fact_person ON eligibility_fact (person_id) WHERE person_id IS NOT NULL;

-- Each time that facts are read to be held against rules takes the next number before it reads: of two that end in the
-- wrong order the one that read later counts, whatever their clocks say.
CREATE TABLE evaluation_turn (
    id integer NOT NULL PRIMARY KEY,
    turn bigint NOT NULL
);

-- What the rule in force said of a membership, and from which facts; kept for ever. A membership is one person's or one
-- family's, so one present evaluation a membership is one a person.
CREATE TABLE evaluation (
    id {uuid} NOT NULL PRIMARY KEY,
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    program {text} NOT NULL,
    rule_id {uuid} NOT NULL REFERENCES rule(id),
    outcome {text} NOT NULL,
    codes {text} NOT NULL,
    body_enc {bytes} NOT NULL,
    facts_hash {bytes} NOT NULL,
    visit_id {uuid},
    turn bigint NOT NULL,
    at bigint NOT NULL,
    superseded_at bigint
);

CREATE UNIQUE INDEX one_present_evaluation ON evaluation (membership_id) WHERE superseded_at IS NULL;

CREATE INDEX evaluation_family ON evaluation (family_id, at);

-- A cancellation that an evaluation filled in; somebody sends it on or leaves the family where it is.
CREATE TABLE prepared_cancellation (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    evaluation_id {uuid} NOT NULL REFERENCES evaluation(id),
    reason {text} NOT NULL,
    document_number {text},
    state {text} NOT NULL,
    case_id {uuid},
    prepared_at bigint NOT NULL,
    done_by {uuid},
    done_at bigint,
    dismissal {text}
);

CREATE UNIQUE INDEX one_waiting_cancellation ON prepared_cancellation (membership_id) WHERE state = 'waiting';

CREATE INDEX prepared_cancellation_place ON prepared_cancellation (state, prepared_at, id);
