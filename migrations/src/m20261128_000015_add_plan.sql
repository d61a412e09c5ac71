-- The chance of a city's month, drawn once: whoever plans again, or a part of the city, has the same.
CREATE TABLE plan_draw (
    city {text} NOT NULL,
    month {text} NOT NULL,
    seed {bytes} NOT NULL,
    drawn_by {uuid},
    drawn_at bigint NOT NULL,
    PRIMARY KEY (city, month)
);

-- Whom to visit, and what is told of the choice. Opened it stays; until then its maker's next one stands in its place.
CREATE TABLE plan (
    id {uuid} NOT NULL PRIMARY KEY,
    region {text} NOT NULL,
    month {text} NOT NULL,
    told {text} NOT NULL,
    made_by {uuid} NOT NULL,
    made_at bigint NOT NULL,
    kind {text},
    closes_at bigint,
    opened_by {uuid},
    opened_at bigint,
    open_event {uuid}
);

CREATE INDEX plan_draft ON plan (made_by) WHERE opened_at IS NULL;

-- A family of a plan: for whom, why, and what became of it.
CREATE TABLE plan_family (
    plan_id {uuid} NOT NULL REFERENCES plan(id),
    family_id {uuid} NOT NULL REFERENCES family(id),
    officer_id {uuid} NOT NULL REFERENCES user_account(id),
    place integer NOT NULL,
    rule {text} NOT NULL,
    photo_at bigint,
    decile_before integer,
    taken_out {text},
    skipped {text},
    case_id {uuid},
    PRIMARY KEY (plan_id, family_id)
);

-- In walking order, each officer's and all.
CREATE UNIQUE INDEX plan_family_place ON plan_family (plan_id, place);

CREATE INDEX plan_family_officer ON plan_family (plan_id, officer_id, place);

CREATE INDEX plan_family_waiting ON plan_family (plan_id, place) WHERE taken_out IS NULL AND skipped IS NULL AND case_id IS NULL;
