-- A Kemendagri region.
CREATE TABLE region (
    code {text} NOT NULL PRIMARY KEY,
    parent {text},
    name {text} NOT NULL,
    level {text} NOT NULL
);

-- An indicative boundary as GeoJSON geometry, one per region.
CREATE TABLE boundary (
    region {text} NOT NULL PRIMARY KEY REFERENCES region(code),
    geometry {text} NOT NULL,
    south_e7 bigint NOT NULL,
    west_e7 bigint NOT NULL,
    north_e7 bigint NOT NULL,
    east_e7 bigint NOT NULL,
    recorded_at bigint NOT NULL
);

-- A person with an account. A password that somebody else chose ends, and is good for choosing another.
CREATE TABLE user_account (
    id {uuid} NOT NULL PRIMARY KEY,
    username {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    password_hash {text} NOT NULL,
    password_expires_at bigint,
    suspended_at bigint,
    signed_out_at bigint,
    created_at bigint NOT NULL
);

-- The present version of a grant.
CREATE TABLE role_grant (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    user_id {uuid} NOT NULL REFERENCES user_account(id),
    role {text} NOT NULL,
    regions {text} NOT NULL,
    valid_from bigint NOT NULL,
    valid_until bigint,
    document_number {text} NOT NULL,
    granted_by {uuid},
    granted_at bigint NOT NULL,
    confirmed_by {uuid},
    confirmed_at bigint,
    ended_by {uuid},
    ended_at bigint,
    recorded_at bigint NOT NULL
);

CREATE INDEX role_grant_user ON role_grant (user_id);

-- A signed-in session; refresh tokens are kept as hashes.
CREATE TABLE session (
    id {uuid} NOT NULL PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES user_account(id),
    device_id {uuid},
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint,
    end_reason {text},
    refresh_hash {bytes} NOT NULL,
    previous_hash {bytes},
    rotated_at bigint NOT NULL,
    cookie boolean NOT NULL
);

CREATE INDEX session_by_user ON session (user_id);

CREATE INDEX session_refresh ON session (refresh_hash);

CREATE INDEX session_previous ON session (previous_hash);

-- Wrong tries per account-and-address and per address.
CREATE TABLE login_throttle (
    subject {text} NOT NULL PRIMARY KEY,
    failures integer NOT NULL,
    last_failed_at bigint NOT NULL,
    blocked_until bigint NOT NULL
);

-- A one-time permission to enrol a phone.
CREATE TABLE enrolment (
    id {uuid} NOT NULL PRIMARY KEY,
    code_hash {bytes} NOT NULL UNIQUE,
    officer_id {uuid} NOT NULL REFERENCES user_account(id),
    issued_by {uuid} NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    device_id {uuid}
);

CREATE INDEX enrolment_device ON enrolment (device_id) WHERE device_id IS NOT NULL;

-- A phone with a key of its own, and where its chain stands.
CREATE TABLE device (
    id {uuid} NOT NULL PRIMARY KEY,
    officer_id {uuid} NOT NULL REFERENCES user_account(id),
    name {text} NOT NULL,
    public_key {bytes} NOT NULL,
    key_level {text} NOT NULL,
    enrolled_at bigint NOT NULL,
    last_sync_at bigint,
    revoked_kind {text},
    revoked_at bigint,
    chain_seq bigint NOT NULL,
    chain_hash {bytes}
);

CREATE INDEX device_officer ON device (officer_id);

-- How far a phone has said it came in a bucket.
CREATE TABLE device_cursor (
    device_id {uuid} NOT NULL REFERENCES device(id),
    bucket {text} NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (device_id, bucket)
);

-- A program of assistance.
CREATE TABLE program (
    code {text} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    unit {text} NOT NULL,
    decile_max integer,
    fund {text} NOT NULL,
    central boolean NOT NULL,
    recorded_at bigint NOT NULL
);

-- How many slots a program has in a region.
CREATE TABLE quota (
    program {text} NOT NULL REFERENCES program(code),
    region {text} NOT NULL REFERENCES region(code),
    slots integer NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (program, region)
);

-- Where a family lives and where the door was last pinned.
CREATE TABLE house (
    id {uuid} NOT NULL PRIMARY KEY,
    region {text} NOT NULL REFERENCES region(code),
    lat_e7 bigint,
    lon_e7 bigint,
    accuracy_cm bigint,
    pinned_at bigint,
    pin_visit {uuid}
);

CREATE INDEX house_region ON house (region);

-- The present version of a family.
CREATE TABLE family (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    registry_key {text},
    house_id {uuid} NOT NULL REFERENCES house(id),
    region {text} NOT NULL REFERENCES region(code),
    kk_enc {bytes},
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    address {text} NOT NULL,
    rt {text} NOT NULL,
    rw {text} NOT NULL,
    decile integer,
    regime {text} NOT NULL,
    valid_from bigint NOT NULL,
    recorded_at bigint NOT NULL
);

CREATE UNIQUE INDEX family_registry_key ON family (registry_key);

CREATE INDEX family_region ON family (region);

-- The present version of a person.
CREATE TABLE person (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    nik_enc {bytes},
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    birth_date_enc {bytes},
    birth_year integer,
    sex {text},
    relation {text} NOT NULL,
    alive boolean NOT NULL,
    line_key {text},
    valid_from bigint NOT NULL,
    recorded_at bigint NOT NULL
);

CREATE INDEX person_family ON person (family_id);

-- Every version of families, persons, memberships and grants, so that any state at any date can be told.
CREATE TABLE row_version (
    kind {text} NOT NULL,
    id {uuid} NOT NULL,
    version integer NOT NULL,
    valid_from bigint NOT NULL,
    recorded_at bigint NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (kind, id, version)
);

-- Keyed hashes of NIK and KK numbers for exact search; not unique, duplicates go to people.
CREATE TABLE blind_index (
    kind {text} NOT NULL,
    key_version integer NOT NULL,
    value {bytes} NOT NULL,
    object_id {uuid} NOT NULL,
    PRIMARY KEY (kind, key_version, value, object_id)
);

CREATE INDEX blind_index_object ON blind_index (object_id);

-- One place that money follows.
CREATE TABLE slot (
    id {uuid} NOT NULL PRIMARY KEY,
    program {text} NOT NULL REFERENCES program(code),
    region {text} NOT NULL REFERENCES region(code),
    state {text} NOT NULL,
    membership_id {uuid},
    version integer NOT NULL
);

CREATE INDEX slot_program_region ON slot (program, region);

CREATE UNIQUE INDEX slot_membership ON slot (membership_id);

-- The present version of a membership.
CREATE TABLE membership (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    program {text} NOT NULL REFERENCES program(code),
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    region {text} NOT NULL,
    state {text} NOT NULL,
    reason {text},
    slot_id {uuid},
    successor_of {uuid},
    appeal_until bigint,
    eligible_at bigint,
    central_status {text},
    valid_from bigint NOT NULL,
    recorded_at bigint NOT NULL
);

CREATE INDEX membership_family ON membership (family_id);

CREATE INDEX membership_successor_of ON membership (successor_of);

CREATE UNIQUE INDEX one_open_family_membership ON membership (program, family_id) WHERE person_id IS NULL AND state IN ('candidate','designated','active','suspended');

CREATE UNIQUE INDEX one_open_person_membership ON membership (program, person_id) WHERE person_id IS NOT NULL AND state IN ('candidate','designated','active','suspended');

CREATE UNIQUE INDEX one_membership_per_slot ON membership (slot_id) WHERE state IN ('candidate','designated','active','suspended');

CREATE INDEX membership_waiting ON membership (appeal_until) WHERE state = 'candidate';

CREATE INDEX membership_region ON membership (region, id);

-- A ranked list of families for one program and region, frozen by an approver.
CREATE TABLE waitlist (
    id {uuid} NOT NULL PRIMARY KEY,
    program {text} NOT NULL REFERENCES program(code),
    region {text} NOT NULL REFERENCES region(code),
    hash {bytes} NOT NULL,
    imported_by {uuid},
    imported_at bigint NOT NULL,
    frozen_by {uuid},
    frozen_at bigint,
    superseded_at bigint
);

CREATE INDEX waitlist_program_region ON waitlist (program, region);

-- One rank of a waitlist.
CREATE TABLE waitlist_entry (
    waitlist_id {uuid} NOT NULL REFERENCES waitlist(id),
    position integer NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    person_id {uuid},
    facts {text} NOT NULL,
    taken_at bigint,
    taken_by {uuid},
    PRIMARY KEY (waitlist_id, position)
);

CREATE INDEX waitlist_entry_family ON waitlist_entry (family_id);

-- A case: where it stands, who has it, who reviews it.
CREATE TABLE verification_case (
    id {uuid} NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    state {text} NOT NULL,
    kind {text} NOT NULL,
    family_id {uuid} NOT NULL REFERENCES family(id),
    house_id {uuid} NOT NULL REFERENCES house(id),
    region {text} NOT NULL,
    officer_id {uuid},
    opened_at bigint NOT NULL,
    opened_by {uuid},
    closes_at bigint,
    submitted_at bigint,
    complete_at bigint,
    current_visit {uuid},
    accepted_basis {text},
    lease_user {uuid},
    lease_until bigint,
    returned {text},
    return_fetched_at bigint,
    close_reason {text},
    predecessor {uuid},
    tries integer NOT NULL
);

CREATE INDEX verification_case_queue ON verification_case (complete_at, region) WHERE state = 'submitted';

CREATE INDEX verification_case_approval ON verification_case (region) WHERE state = 'awaiting_approval';

CREATE INDEX verification_case_region_state ON verification_case (region, state, id);

-- Lists are read in the order of ids, a page at a time; the region is looked at without touching the row.
CREATE INDEX verification_case_state ON verification_case (state, id, region);

CREATE INDEX verification_case_officer ON verification_case (officer_id);

CREATE INDEX verification_case_window ON verification_case (closes_at) WHERE state IN ('open','assigned','returned');

CREATE UNIQUE INDEX one_open_case_per_family ON verification_case (family_id) WHERE state NOT IN ('decided','closed','expired');

CREATE INDEX verification_case_family ON verification_case (family_id);

CREATE INDEX verification_case_house ON verification_case (house_id);

CREATE INDEX verification_case_predecessor ON verification_case (predecessor);

-- What is to be decided in a case, one outcome per membership.
CREATE TABLE case_membership (
    case_id {uuid} NOT NULL REFERENCES verification_case(id),
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    outcome {text},
    reason {text},
    document_number {text},
    needs_approval boolean NOT NULL,
    proposed_by {uuid},
    proposed_at bigint,
    confirmed_by {uuid},
    confirmed_at bigint,
    PRIMARY KEY (case_id, membership_id)
);

CREATE INDEX case_membership_membership ON case_membership (membership_id);

-- One sealed capture, as received.
CREATE TABLE visit (
    id {uuid} NOT NULL PRIMARY KEY,
    device_id {uuid} NOT NULL REFERENCES device(id),
    officer_id {uuid} NOT NULL,
    case_id {uuid},
    filed_case_id {uuid},
    carried_by {uuid},
    kind {text} NOT NULL,
    seq bigint NOT NULL,
    chain_hash {bytes} NOT NULL,
    previous_hash {bytes},
    manifest {bytes} NOT NULL,
    answers_enc {bytes},
    form_id {text},
    form_version integer,
    unreachable {text},
    supersedes {uuid},
    captured_at bigint NOT NULL,
    received_at bigint NOT NULL,
    complete_at bigint,
    lat_e7 bigint,
    lon_e7 bigint,
    accuracy_cm bigint,
    pin_source {text},
    mock boolean NOT NULL
);

CREATE INDEX visit_case ON visit (case_id);

CREATE INDEX visit_filed_case ON visit (filed_case_id);

CREATE INDEX verification_case_unreachable ON verification_case (complete_at, region) WHERE state = 'unreachable';

CREATE INDEX verification_case_lease ON verification_case (lease_user) WHERE lease_user IS NOT NULL;

CREATE INDEX visit_device_seq ON visit (device_id, seq);

CREATE UNIQUE INDEX visit_chain_hash ON visit (chain_hash);

-- Who brought a visit that somebody else had sealed, also when it was here already.
CREATE TABLE visit_carrier (
    visit_id {uuid} NOT NULL REFERENCES visit(id),
    user_id {uuid} NOT NULL REFERENCES user_account(id),
    at bigint NOT NULL,
    PRIMARY KEY (visit_id, user_id)
);

-- Sealed visits kept apart: unknown or stolen device, wrong signature, same id with other bytes. Nothing is dropped.
CREATE TABLE quarantine (
    manifest_sha256 {bytes} NOT NULL PRIMARY KEY,
    code {text} NOT NULL,
    visit_id {uuid},
    device_id {uuid},
    manifest {bytes} NOT NULL,
    answers {bytes},
    received_from {uuid},
    received_at bigint NOT NULL,
    released_at bigint
);

-- Why a visit deserves a second look.
CREATE TABLE visit_flag (
    visit_id {uuid} NOT NULL REFERENCES visit(id),
    flag {text} NOT NULL,
    detail {text} NOT NULL,
    PRIMARY KEY (visit_id, flag)
);

-- A photo belongs to its phone and its hash; visits link to it.
CREATE TABLE photo (
    id {uuid} NOT NULL PRIMARY KEY,
    device_id {uuid} NOT NULL REFERENCES device(id),
    sha256 {bytes} NOT NULL,
    len bigint NOT NULL,
    sealed_sha256 {bytes} NOT NULL,
    sealed_len bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    state {text} NOT NULL,
    problem {text},
    original_key {text},
    large_sha256 {bytes},
    small_sha256 {bytes},
    large_key {text},
    small_key {text},
    received_at bigint,
    safe_at bigint
);

-- The same bytes in another visit are looked for whichever phone sent them.
CREATE INDEX photo_sha256 ON photo (sha256);

-- Which photos a visit shows, in order.
CREATE TABLE visit_photo (
    visit_id {uuid} NOT NULL REFERENCES visit(id),
    photo_id {uuid} NOT NULL REFERENCES photo(id),
    position integer NOT NULL,
    kind {text} NOT NULL,
    taken_at bigint NOT NULL,
    PRIMARY KEY (visit_id, photo_id)
);

CREATE INDEX visit_photo_photo ON visit_photo (photo_id);

-- A tus upload: how many bytes are durable.
CREATE TABLE upload (
    id {uuid} NOT NULL PRIMARY KEY,
    device_id {uuid} NOT NULL,
    visit_id {uuid},
    carried_by {uuid},
    sealed_sha256 {bytes} NOT NULL,
    length bigint NOT NULL,
    offset_bytes bigint NOT NULL,
    state {text} NOT NULL,
    problem {text},
    lease {uuid},
    lease_until bigint,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX upload_expiry ON upload (expires_at) WHERE state IN ('active', 'held', 'bad');

CREATE INDEX upload_unfinished ON upload (device_id) WHERE state IN ('active', 'held', 'bad');

-- Where the bytes of an unfinished upload are.
CREATE TABLE upload_chunk (
    upload_id {uuid} NOT NULL REFERENCES upload(id),
    offset_bytes bigint NOT NULL,
    length bigint NOT NULL,
    blob_key {text} NOT NULL,
    PRIMARY KEY (upload_id, offset_bytes)
);

-- One row a bucket: the number of its newest row and the sum of its live rows' hashes.
CREATE TABLE feed_counter (
    bucket {text} NOT NULL PRIMARY KEY,
    seq bigint NOT NULL,
    checksum bigint NOT NULL,
    min_seq bigint NOT NULL
);

-- The newest row of each object of a bucket, numbered in commit order.
CREATE TABLE feed_row (
    bucket {text} NOT NULL,
    seq bigint NOT NULL,
    object {text} NOT NULL,
    op {text} NOT NULL,
    hash bigint NOT NULL,
    body {text},
    PRIMARY KEY (bucket, seq)
);

CREATE UNIQUE INDEX feed_row_object ON feed_row (bucket, object);

-- Events seen, so that a repeated request happens once.
CREATE TABLE event (
    id {uuid} NOT NULL PRIMARY KEY,
    actor {uuid},
    action {text} NOT NULL,
    body_hash {bytes} NOT NULL,
    object {text} NOT NULL,
    at bigint NOT NULL
);

-- One row: the last number and hash of the journal.
CREATE TABLE journal_head (
    id integer NOT NULL PRIMARY KEY,
    seq bigint NOT NULL,
    hash {bytes} NOT NULL
);

-- Every change, in the transaction that made it; append-only.
CREATE TABLE journal (
    seq bigint NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    actor {uuid},
    role {text} NOT NULL,
    device_id {uuid},
    action {text} NOT NULL,
    object {text} NOT NULL,
    event_id {uuid},
    body {bytes} NOT NULL,
    salt {bytes} NOT NULL,
    previous_hash {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    mac {bytes} NOT NULL,
    mac_key_version integer NOT NULL
);

CREATE INDEX journal_object ON journal (object);

CREATE INDEX journal_event ON journal (event_id);

-- Every read of personal data, with its purpose: one row for what one answer showed of one kind.
CREATE TABLE access (
    id {uuid} NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    user_id {uuid} NOT NULL,
    role {text} NOT NULL,
    kind {text} NOT NULL,
    -- The ids, 16 bytes each, as they were shown.
    objects {bytes} NOT NULL,
    what {text} NOT NULL,
    mode {text} NOT NULL,
    purpose {text}
);

-- Which rows of access name an object. Filled in the background.
CREATE TABLE access_object (
    object {uuid} NOT NULL,
    access_id {uuid} NOT NULL,
    PRIMARY KEY (object, access_id)
){by_key};

-- Rows of access that access_object lacks yet; a trigger adds them.
CREATE TABLE access_new (
    access_id {uuid} NOT NULL PRIMARY KEY
){by_key};

-- Background work, claimed by compare-and-set, idempotent.
CREATE TABLE job (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    object {text} NOT NULL,
    state {text} NOT NULL,
    attempts integer NOT NULL,
    run_at bigint NOT NULL,
    lease_until bigint,
    last_error {text},
    created_at bigint NOT NULL
);

CREATE UNIQUE INDEX job_kind_object ON job (kind, object);

CREATE INDEX job_due ON job (run_at) WHERE state IN ('ready','running');

-- A letter to a family about a cancellation; the appeal period runs from its delivery.
CREATE TABLE notice (
    id {uuid} NOT NULL PRIMARY KEY,
    membership_id {uuid} NOT NULL REFERENCES membership(id),
    family_id {uuid} NOT NULL,
    case_id {uuid} NOT NULL,
    reason {text} NOT NULL,
    created_at bigint NOT NULL,
    delivered_at bigint,
    received_by {text},
    delivered_recorded_by {uuid},
    appeal_until bigint
);

CREATE UNIQUE INDEX notice_membership_case ON notice (membership_id, case_id);

-- A file that came in, and what became of its lines; never a value of theirs. Its id is its event's. Who confirmed it
-- also stands for who refused it; a refusal has a reason.
CREATE TABLE import_run (
    id {uuid} NOT NULL PRIMARY KEY,
    kind {text} NOT NULL,
    state {text} NOT NULL,
    sha256 {bytes} NOT NULL,
    imported_by {uuid},
    at bigint NOT NULL,
    confirmed_by {uuid},
    confirmed_at bigint,
    refusal {text},
    note_enc {bytes},
    lines bigint NOT NULL,
    added bigint NOT NULL,
    changed bigint NOT NULL,
    unchanged bigint NOT NULL,
    waiting bigint NOT NULL,
    rejected bigint NOT NULL,
    warned bigint NOT NULL,
    told {text} NOT NULL
);

CREATE INDEX import_run_waiting ON import_run (id) WHERE state = 'waiting';

-- A line of a file that waits for an approver: ids, codes and numbers; what says who somebody is, is encrypted.
CREATE TABLE import_row (
    import_id {uuid} NOT NULL REFERENCES import_run(id),
    position bigint NOT NULL,
    family_id {uuid},
    body {text} NOT NULL,
    PRIMARY KEY (import_id, position)
);

CREATE INDEX import_row_family ON import_row (family_id);

-- A questionnaire by id and version; kept for ever.
CREATE TABLE form (
    id {text} NOT NULL,
    version integer NOT NULL,
    body {text} NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (id, version)
);

-- The city's own settings: appeal days, thresholds.
CREATE TABLE city_policy (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL,
    version integer NOT NULL,
    recorded_at bigint NOT NULL
);

-- One row: feed epoch and the highest time seen.
CREATE TABLE server_state (
    id integer NOT NULL PRIMARY KEY,
    epoch bigint NOT NULL,
    latest_at bigint NOT NULL
);
