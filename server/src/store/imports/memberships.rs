//! Memberships: who receives what today. A list chooses who holds a slot, so it waits for an approver, and it never
//! takes a place from anybody: a membership that stands otherwise in the registry changes by decisions only.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tilik_protocol::ids::{ImportId, MembershipId};
use tilik_protocol::membership::{MembershipState, SlotState};
use tilik_protocol::problem::FieldProblem;
use uuid::Uuid;

use super::cells::{Look, program_code, words};
use super::quotas::unknown_program;
use super::units::{Found, Unit};
use super::{CHUNK, Run, Tally, Waiting};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Row, Sheet, needs, problem, takes};
use crate::store::slots::{self, Membership, TwoPersons};
use crate::store::tables::{family, membership, program, slot};
use crate::store::{Write, rules};

const PROGRAM: usize = 0;
const KEY: usize = 1;
const KK: usize = 2;
const NIK: usize = 3;
const STATE: usize = 4;
const CENTRAL: usize = 5;
pub(super) const COLUMNS: &[Column] = &[
    needs("program", &["kodeprogram", "bansos"]),
    takes("id_keluarga", &["idkeluargadtsen", "iddtks"]),
    takes("no_kk", &["nokk", "kk", "nomorkk"]),
    takes("nik", &[]),
    takes("status", &["state"]),
    takes("status_pusat", &["statuspusat", "centralstatus"]),
];

pub(super) fn read(file: &Brought) -> Result<Sheet> {
    let sheet = Sheet::read(file, COLUMNS)?;
    if [KEY, KK, NIK].iter().any(|column| sheet.has(*column)) {
        Ok(sheet)
    } else {
        Err(Error::field(
            "no_kk",
            "missing_header",
            "Tambahkan kolom \"no_kk\", \"id_keluarga\" atau \"nik\", agar keluarganya ditemukan.",
        ))
    }
}

/// A place to be given.
pub(super) struct Place {
    pub program: String,
    pub family: Uuid,
    pub person: Option<Uuid>,
    pub state: MembershipState,
    pub central_status: Option<String>,
}

impl Place {
    fn unit(&self) -> (String, Uuid) {
        (self.program.clone(), self.person.unwrap_or(self.family))
    }
}

/// The states in which a list may name somebody: each occupies a slot.
fn state(cell: &str) -> Result<MembershipState, FieldProblem> {
    match cell.to_lowercase().as_str() {
        "" | "active" | "aktif" => Ok(MembershipState::Active),
        "designated" | "ditetapkan" => Ok(MembershipState::Designated),
        "suspended" | "ditangguhkan" => Ok(MembershipState::Suspended),
        _ => Err(problem(
            "status",
            "unknown",
            "Isi aktif, ditetapkan atau ditangguhkan; yang sudah berakhir tidak diimpor.",
        )),
    }
}

pub(super) fn quota_full() -> FieldProblem {
    problem(
        "program",
        "quota_full",
        "Jatah program ini di kelurahan keluarga tersebut habis, atau kuotanya belum disahkan.",
    )
}

/// Whether a membership holds a place.
pub(super) fn occupies(row: &membership::Model) -> bool {
    let state = row.state.parse::<MembershipState>();
    state.is_ok_and(MembershipState::occupies_slot)
}

/// Takes one of the free slots of a program and region that the lines before left; false when there is none.
pub(super) async fn room_left(
    write: &Write,
    room: &mut HashMap<(String, String), u64>,
    program: &str,
    region: &str,
) -> Result<bool> {
    let quota = (program.to_owned(), region.to_owned());
    if !room.contains_key(&quota) {
        let free = slot::Entity::find()
            .filter(slot::Column::Program.eq(program))
            .filter(slot::Column::Region.eq(region))
            .filter(slot::Column::State.eq(SlotState::Free.to_string()))
            .count(write.on())
            .await?;
        room.insert(quota.clone(), free);
    }
    let left = room.entry(quota).or_default();
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    Ok(is_left)
}

/// What the registry says of the units of some lines, by program.
pub(super) async fn standing(
    write: &Write,
    families: impl Iterator<Item = Uuid>,
) -> Result<HashMap<(String, Uuid), Vec<membership::Model>>> {
    let mut ids: Vec<Uuid> = families.collect();
    ids.sort();
    ids.dedup();
    let mut found: HashMap<(String, Uuid), Vec<membership::Model>> = HashMap::new();
    for some in ids.chunks(500) {
        let rows = membership::Entity::find()
            .filter(membership::Column::FamilyId.is_in(some.iter().copied()))
            .all(write.on())
            .await?;
        for row in rows {
            // Who stepped back into the line for another's appeal was not decided about.
            if row.reason.as_deref() == Some(slots::UPHELD.as_str()) {
                continue;
            }
            let unit = (row.program.clone(), row.person_id.unwrap_or(row.family_id));
            found.entry(unit).or_default().push(row);
        }
    }
    Ok(found)
}

/// How a line stands to the registry.
enum Standing {
    New,
    /// Was endorsed here, and waited for a place.
    Awaited(Box<membership::Model>),
    Same,
    Differs(FieldProblem),
}

/// Whether somebody was endorsed here and waits for a place.
pub(super) fn is_awaited(row: &membership::Model) -> bool {
    row.slot_id.is_none() && row.state == MembershipState::Candidate.to_string()
}

fn compare(place: &Place, rows: Option<&Vec<membership::Model>>) -> Standing {
    let rows = rows.map(Vec::as_slice).unwrap_or_default();
    let held = rows.iter().find(|row| occupies(row));
    if let Some(row) = held
        && is_awaited(row)
    {
        return Standing::Awaited(Box::new(row.clone()));
    }
    match (held, rows.is_empty()) {
        (Some(row), _) if row.state == place.state.to_string() => Standing::Same,
        (Some(_), _) => Standing::Differs(problem(
            "status",
            "differs",
            "Kepesertaan ini sudah tercatat dengan status lain; status diubah lewat kasus dan keputusan.",
        )),
        (None, true) => Standing::New,
        (None, false) => Standing::Differs(problem(
            "program",
            "ended",
            "Kepesertaan ini sudah berakhir dengan keputusan; pemulihan lewat keberatan atau usulan baru.",
        )),
    }
}

impl Run<'_> {
    pub(super) async fn memberships(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let mut seen = HashSet::new();
        let mut room = HashMap::new();
        for chunk in sheet.rows.chunks(CHUNK) {
            let write = self.chunk().await?;
            let waiting = self
                .memberships_of(&write, chunk, &mut seen, &mut room, &mut tally)
                .await?;
            self.wait(&write, waiting).await?;
            self.commit(write, chunk.len(), 0, 0).await?;
        }
        Ok(tally)
    }

    async fn memberships_of(
        &self,
        write: &Write,
        chunk: &[Row],
        seen: &mut HashSet<(String, Uuid)>,
        room: &mut HashMap<(String, String), u64>,
        tally: &mut Tally,
    ) -> Result<Vec<(u64, Waiting)>> {
        let programs: HashMap<String, String> = program::Entity::find()
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.code, row.unit))
            .collect();
        let mut read = Vec::new();
        for row in chunk {
            let mut look = Look::at(row);
            let program = look.take(program_code("program", row.cell(PROGRAM)));
            if program
                .as_ref()
                .is_some_and(|code| !programs.contains_key(code))
            {
                look.problems.push(unknown_program());
            }
            let unit = Unit::read(&mut look, KEY, KK, NIK);
            let state = look.take(state(row.cell(STATE)));
            let central = match row.cell(CENTRAL) {
                "" => Some(None),
                text => look.take(words("status_pusat", text, 60)).map(Some),
            };
            match (program, unit, state, central) {
                (Some(program), Some(unit), Some(state), Some(central))
                    if look.problems.is_empty() =>
                {
                    read.push((row.line, program, unit, state, central));
                }
                _ => tally.reject(row.line, look.problems),
            }
        }
        let units: Vec<&Unit> = read.iter().map(|(_, _, unit, _, _)| unit).collect();
        let found = Found::look_up(write, &units).await?;
        self.find(found.ids());
        let meant = units.iter().filter_map(|unit| found.family(unit).ok());
        let standing = standing(write, meant.map(|home| home.id)).await?;
        let mut waiting = Vec::new();
        for (line, program, unit, state, central_status) in read {
            let for_persons = programs.get(&program).is_some_and(|unit| unit == "person");
            let meant = found.family(&unit).and_then(|home| {
                let person = for_persons
                    .then(|| found.person(&unit, home.id))
                    .transpose()?;
                Ok((home, person))
            });
            let (home, person) = match meant {
                Ok(meant) => meant,
                Err(reason) => {
                    tally.reject(line, vec![reason]);
                    continue;
                }
            };
            let place = Place {
                program,
                family: home.id,
                person,
                state,
                central_status,
            };
            let reason = self
                .place(
                    write,
                    line,
                    home,
                    place,
                    &standing,
                    seen,
                    room,
                    tally,
                    &mut waiting,
                )
                .await?;
            if let Some(reason) = reason {
                tally.reject(line, vec![reason]);
            }
        }
        Ok(waiting)
    }

    #[expect(clippy::too_many_arguments, reason = "what one line is held against")]
    async fn place(
        &self,
        write: &Write,
        line: u64,
        home: &family::Model,
        place: Place,
        standing: &HashMap<(String, Uuid), Vec<membership::Model>>,
        seen: &mut HashSet<(String, Uuid)>,
        room: &mut HashMap<(String, String), u64>,
        tally: &mut Tally,
        waiting: &mut Vec<(u64, Waiting)>,
    ) -> Result<Option<FieldProblem>> {
        let region = home.region.parse().map_err(Error::internal)?;
        if !self.reaches(&region) {
            return Ok(Some(problem(
                "no_kk",
                "out_of_scope",
                "Keluarga ini di luar wilayah tugas Anda.",
            )));
        }
        if !seen.insert(place.unit()) {
            return Ok(Some(problem(
                "program",
                "duplicate",
                "Kepesertaan ini ada di dua baris; hapus salah satunya.",
            )));
        }
        tally.touches(&region);
        match compare(&place, standing.get(&place.unit())) {
            Standing::Differs(reason) => return Ok(Some(reason)),
            Standing::Same => {
                tally.unchanged += 1;
                return Ok(None);
            }
            Standing::New | Standing::Awaited(_) => {}
        }
        if !room_left(write, room, &place.program, &home.region).await? {
            return Ok(Some(quota_full()));
        }
        tally.waiting += 1;
        let Place {
            program,
            family,
            person,
            state,
            central_status,
        } = place;
        waiting.push((
            line,
            Waiting::Membership {
                program,
                family,
                person,
                state,
                central_status,
            },
        ));
        Ok(None)
    }
}

pub(super) async fn put_in_force(
    write: &mut Write,
    import: ImportId,
    places: Vec<(u64, Place)>,
    by: &TwoPersons,
    tally: &mut Tally,
) -> Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = places.iter().map(|(_, place)| place.family).collect();
    let standing = standing(write, ids.iter().copied()).await?;
    let mut homes = HashMap::new();
    for some in ids.chunks(500) {
        let rows = family::Entity::find()
            .filter(family::Column::Id.is_in(some.iter().copied()))
            .all(write.on())
            .await?;
        homes.extend(rows.into_iter().map(|row| (row.id, row.region)));
    }
    let at = write.at().as_micros();
    let mut members = Vec::new();
    let mut lines = HashMap::new();
    for (line, place) in places {
        match compare(&place, standing.get(&place.unit())) {
            Standing::Same => tally.unchanged += 1,
            Standing::Differs(reason) => tally.reject(line, vec![reason]),
            Standing::Awaited(row) => {
                lines.insert(row.id, line);
                members.push(Membership {
                    version: row.version + 1,
                    state: place.state.to_string(),
                    central_status: place.central_status,
                    valid_from: at,
                    recorded_at: at,
                    ..*row
                });
            }
            Standing::New => {
                let id: MembershipId = write.store().ids().next();
                lines.insert(Uuid::from(id), line);
                members.push(Membership {
                    id: id.into(),
                    version: 1,
                    program: place.program,
                    family_id: place.family,
                    person_id: place.person,
                    region: homes.get(&place.family).cloned().unwrap_or_default(),
                    state: place.state.to_string(),
                    reason: None,
                    slot_id: None,
                    successor_of: None,
                    appeal_until: None,
                    eligible_at: None,
                    central_status: place.central_status,
                    valid_from: at,
                    recorded_at: at,
                });
            }
        }
    }
    let wanted = members.len();
    // A file is a village's or a city's: families by themselves would be as many jobs as it has lines.
    let villages: BTreeSet<String> = members.iter().map(|row| row.region.clone()).collect();
    let left_out = slots::enrol(write, import, members, by).await?;
    tally.added += (wanted - left_out.len()) as u64;
    for row in left_out {
        let line = lines.get(&row.id).copied().unwrap_or_default();
        tally.reject(line, vec![quota_full()]);
    }
    rules::villages_changed(write, villages).await
}
