-- What the head of an RT said of a family in a month, one word each and village; what was said before is in the journal.
CREATE TABLE rt_check (
    region {text} NOT NULL,
    family_id {uuid} NOT NULL,
    month {text} NOT NULL,
    finding {text} NOT NULL,
    entered_at bigint NOT NULL,
    entered_by {uuid} NOT NULL,
    PRIMARY KEY (family_id, month, region)
);
