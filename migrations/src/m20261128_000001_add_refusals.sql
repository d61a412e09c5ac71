ALTER TABLE case_membership ADD COLUMN refused_by {uuid};

ALTER TABLE case_membership ADD COLUMN refused_at bigint;

ALTER TABLE case_membership ADD COLUMN refusal {text};

-- The approver's own words, to a confirmation as to a refusal; sealed, for they may name a person.
ALTER TABLE case_membership ADD COLUMN approver_note_enc {bytes};
