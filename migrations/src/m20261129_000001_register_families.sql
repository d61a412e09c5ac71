-- Where a family lives when not where its KTP says; who receives; into which other it was closed.
ALTER TABLE family ADD COLUMN domicile_address {text};

ALTER TABLE family ADD COLUMN domicile_rt {text};

ALTER TABLE family ADD COLUMN domicile_rw {text};

ALTER TABLE family ADD COLUMN domicile_region {text};

ALTER TABLE family ADD COLUMN payee_id {uuid};

ALTER TABLE family ADD COLUMN closed_at bigint;

ALTER TABLE family ADD COLUMN merged_into {uuid};

ALTER TABLE person ADD COLUMN mother_enc {bytes};

-- Judged to be this other person, whose row goes on.
ALTER TABLE person ADD COLUMN merged_into {uuid};

-- Persons of one name and birth year: who may be one person.
CREATE INDEX person_name ON person (name_key, birth_year);

-- Which persons ever belonged to a family that they left.
CREATE TABLE person_left (
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid} NOT NULL REFERENCES person(id),
    PRIMARY KEY (family_id, person_id)
);

-- How the words of a name sound, by birth year (0: not known).
CREATE TABLE person_sound (
    sound {text} NOT NULL,
    birth_year integer NOT NULL,
    person_id {uuid} NOT NULL,
    PRIMARY KEY (sound, birth_year, person_id)
){by_key};

CREATE INDEX person_sound_person ON person_sound (person_id);

-- A change of who a family is that holds a place or waits for one: what it says is encrypted.
CREATE TABLE family_request (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    other_id {uuid} REFERENCES family(id),
    region {text} NOT NULL,
    seen_version integer NOT NULL,
    body_enc {bytes} NOT NULL,
    proposed_by {uuid} NOT NULL,
    proposed_at bigint NOT NULL,
    outcome {text},
    reason {text},
    decided_by {uuid},
    decided_at bigint
);

CREATE INDEX family_request_waiting ON family_request (proposed_at, id) WHERE outcome IS NULL;

CREATE INDEX family_request_family ON family_request (family_id);

CREATE INDEX family_request_other ON family_request (other_id);

-- Two persons who may be one, the smaller id first; told once, whatever brings them again.
CREATE TABLE duplicate (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    one_id {uuid} NOT NULL REFERENCES person(id),
    other_id {uuid} NOT NULL REFERENCES person(id),
    found_at bigint NOT NULL,
    verdict {text},
    decided_by {uuid},
    decided_at bigint
);

CREATE UNIQUE INDEX duplicate_pair ON duplicate (one_id, other_id);

CREATE INDEX duplicate_other ON duplicate (other_id);

CREATE INDEX duplicate_waiting ON duplicate (found_at, id) WHERE verdict IS NULL;

-- Ids by which files know families that were closed into others: they lead to the one that goes on.
CREATE TABLE registry_alias (
    registry_key {text} NOT NULL PRIMARY KEY,
    family_id {uuid} NOT NULL REFERENCES family(id)
);

CREATE INDEX registry_alias_family ON registry_alias (family_id);

-- How far the names that were there before have been heard; one row while that goes on.
CREATE TABLE hearing (
    id integer NOT NULL PRIMARY KEY,
    after_id {uuid} NOT NULL
);
