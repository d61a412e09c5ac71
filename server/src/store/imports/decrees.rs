//! A decree (SK) of the ministry: whom it designated and whose aid it ended, per program. The centre's word and the city's
//! decision are two things: a decree gives a free slot to whoever has no place yet, after an approver's confirmation, and
//! is written beside every other place as the centre's status. It takes no place from anybody; where both differ, the
//! line is told, and so is everybody who holds a place of its programs and is not in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tilik_protocol::ids::{FamilyId, ImportId, MembershipId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::policy::Role;
use tilik_protocol::problem::FieldProblem;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::{ImportedDecree, MissingIn};
use uuid::Uuid;

use super::cells::{Look, name_key, past_date, program_code, words};
use super::memberships::{occupies, room_left, standing};
use super::quotas::unknown_program;
use super::units::{Found, Unit};
use super::{CHUNK, LISTED, NAMED, Run, Tally, Waiting, city_of, memberships};
use crate::error::{Error, Result};
use crate::sheet::{Brought, Column, Row, Sheet, needs, problem, takes};
use crate::store::journal::{Entry, holds_personal_number};
use crate::store::ministry::recipient;
use crate::store::slots::{self, TwoPersons};
use crate::store::tables::{family, membership, person, program};
use crate::store::{Write, in_regions};

const PROGRAM: usize = 0;
const NUMBER: usize = 1;
const SIGNED: usize = 2;
const PERIOD: usize = 3;
const KEY: usize = 4;
const KK: usize = 5;
const NIK: usize = 6;
const NAME: usize = 7;
const VERDICT: usize = 8;
const REASON: usize = 9;
pub(super) const COLUMNS: &[Column] = &[
    needs("program", &["kodeprogram", "bansos", "jenisbansos"]),
    needs("no_sk", &["nomorsk", "sk", "nomorkeputusan", "firstsk"]),
    takes("tanggal_sk", &["tglsk", "tanggalkeputusan"]),
    takes("periode", &["period", "tahap", "periodesk"]),
    takes("id_keluarga", &["idkeluargadtsen", "iddtks"]),
    takes("no_kk", &["nokk", "kk", "nomorkk"]),
    takes("nik", &["nonik", "nikpengurus"]),
    takes("nama", &["name", "namapenerima", "namapengurus"]),
    takes("putusan", &["status", "keputusan", "state"]),
    takes("alasan", &["keterangan", "reason"]),
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

/// What the centre said of a family or person in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word {
    pub program: String,
    pub family: Uuid,
    pub person: Option<Uuid>,
    /// Whether the centre ended it; it designated otherwise.
    pub ends: bool,
    /// As it stands beside the city's own decision.
    pub status: String,
}

impl Word {
    fn unit(&self) -> (String, Uuid) {
        (self.program.clone(), self.person.unwrap_or(self.family))
    }
}

/// A line as it was read.
struct Line<'a> {
    row: &'a Row,
    program: String,
    unit: Unit,
    number: String,
    ends: bool,
    status: String,
}

/// Words that are written beside a membership for ever.
fn plain(field: &str, cell: &str, longest: usize) -> Result<String, FieldProblem> {
    let text = words(field, cell, longest)?;
    if holds_personal_number(&text) {
        return Err(problem(
            field,
            "personal_number",
            "Kolom ini tampak memuat NIK atau nomor KK; periksa apakah kolom bergeser.",
        ));
    }
    Ok(text)
}

/// A decree's number: one that looks like one.
fn number(field: &str, cell: &str) -> Result<String, FieldProblem> {
    let text = plain(field, cell, 60)?;
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(problem(
            field,
            "bad_shape",
            "Isi nomor SK seperti 12/HUK/2026; periksa apakah kolom bergeser.",
        ))
    }
}

/// The same, or nothing when the cell is empty.
fn plain_or_none(field: &str, cell: &str, longest: usize) -> Result<Option<String>, FieldProblem> {
    if cell.is_empty() {
        return Ok(None);
    }
    plain(field, cell, longest).map(Some)
}

/// Whether a decree's verdict ends the aid. The ministry's lists say so in many words, and nothing at all where all are
/// recipients.
fn ends(cell: &str) -> Result<bool, FieldProblem> {
    let said = cell.to_lowercase();
    match said.as_str() {
        "" | "ditetapkan" | "penetapan" | "penerima" | "kpm" | "aktif" | "active"
        | "designated" | "layak" => Ok(false),
        "dihentikan" | "berhenti" | "dikeluarkan" | "nonaktif" | "non aktif" | "tidak aktif"
        | "inactive" | "ended" | "tidak layak" | "graduasi" => Ok(true),
        _ if said.starts_with("exclude") => Ok(true),
        _ => Err(problem(
            "putusan",
            "unknown",
            "Isi ditetapkan atau dihentikan.",
        )),
    }
}

impl<'a> Line<'a> {
    fn read(
        row: &'a Row,
        programs: &HashMap<String, program::Model>,
        today: Option<tilik_protocol::nik::Day>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let mut look = Look::at(row);
        let code = look.take(program_code("program", row.cell(PROGRAM)));
        match code.as_ref().map(|code| programs.get(code)) {
            Some(None) => look.problems.push(unknown_program()),
            Some(Some(of)) if !of.central => look.problems.push(problem(
                "program",
                "not_central",
                "Program ini ditetapkan kota, bukan Kemensos; pakai impor kepesertaan.",
            )),
            Some(Some(_)) | None => {}
        }
        let unit = Unit::read(&mut look, KEY, KK, NIK);
        let number = look.take(number("no_sk", row.cell(NUMBER)));
        look.take(past_date("tanggal_sk", row.cell(SIGNED), today));
        let period = look.take(plain_or_none("periode", row.cell(PERIOD), 40));
        let ends = look.take(ends(row.cell(VERDICT)));
        let why = look.take(plain_or_none("alasan", row.cell(REASON), 80));
        match (code, unit, number, period, ends, why) {
            (Some(program), Some(unit), Some(number), Some(period), Some(ends), Some(why))
                if look.problems.is_empty() =>
            {
                let word = if ends { "dihentikan" } else { "ditetapkan" };
                let mut status = format!("{word} SK {number}");
                for more in [period, why.filter(|_| ends)].into_iter().flatten() {
                    status = format!("{status}, {more}");
                }
                Ok(Self {
                    row,
                    program,
                    unit,
                    number,
                    ends,
                    status,
                })
            }
            _ => Err(look.problems),
        }
    }
}

/// The membership that a word of the centre stands beside: the one that holds a place, else the one that ended last.
fn beside(rows: Option<&Vec<membership::Model>>) -> Option<&membership::Model> {
    let rows = rows.map(Vec::as_slice).unwrap_or_default();
    // Who was endorsed here and waits for a place is whom this very word gives it to.
    let told = || rows.iter().filter(|row| !memberships::is_awaited(row));
    let last = || told().max_by_key(|row| (row.valid_from, row.id));
    told().find(|row| occupies(row)).or_else(last)
}

/// How a word of the centre differs from what the city decided.
fn differs(ends: bool, ours: Option<&membership::Model>) -> Option<FieldProblem> {
    let state = ours.and_then(|row| row.state.parse::<MembershipState>().ok());
    let told = |code: &str, remedy: &str| Some(problem("putusan", code, remedy));
    match (state, ends) {
        (None, _)
        | (Some(MembershipState::Designated | MembershipState::Active), false)
        | (
            Some(
                MembershipState::Inactive
                | MembershipState::Replaced
                | MembershipState::Graduated
                | MembershipState::Withdrawn,
            ),
            true,
        ) => None,
        (Some(MembershipState::Suspended), false) => told(
            "suspended_here",
            "Di sini kepesertaannya ditangguhkan; periksa kasusnya.",
        ),
        (Some(MembershipState::Candidate), false) => told(
            "candidate_here",
            "Di sini baru calon pengganti; jatahnya menunggu kunjungan dan masa keberatan.",
        ),
        (
            Some(
                MembershipState::Inactive
                | MembershipState::Replaced
                | MembershipState::Graduated
                | MembershipState::Withdrawn,
            ),
            false,
        ) => told(
            "ended_here",
            "Di sini kepesertaannya sudah berakhir dengan keputusan kota; laporkan ke Kemensos atau pulihkan lewat keberatan.",
        ),
        (
            Some(
                MembershipState::Candidate
                | MembershipState::Designated
                | MembershipState::Active
                | MembershipState::Suspended,
            ),
            true,
        ) => told(
            "ended_there",
            "Kemensos menghentikannya, di sini belum; putuskan lewat kasus, dengan alasan dan dua orang.",
        ),
    }
}

impl Run<'_> {
    pub(super) async fn decrees(&self, sheet: Sheet) -> Result<Tally> {
        let mut tally = Tally::of(&sheet);
        let mut seen = HashSet::new();
        let mut room = HashMap::new();
        for chunk in sheet.rows.chunks(CHUNK) {
            let write = self.chunk().await?;
            let waiting = self
                .decrees_of(&write, chunk, &mut seen, &mut room, &mut tally)
                .await?;
            self.wait(&write, waiting).await?;
            self.commit(write, chunk.len(), 0, 0).await?;
        }
        self.count_unnamed(&seen, &mut tally).await?;
        Ok(tally)
    }

    async fn decrees_of(
        &self,
        write: &Write,
        chunk: &[Row],
        seen: &mut HashSet<(String, Uuid)>,
        room: &mut HashMap<(String, String), u64>,
        tally: &mut Tally,
    ) -> Result<Vec<(u64, Waiting)>> {
        let programs: HashMap<String, program::Model> = program::Entity::find()
            .all(write.on())
            .await?
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let today = self.by.places().await?.today(write.at());
        let mut read = Vec::new();
        for row in chunk {
            match Line::read(row, &programs, today) {
                Ok(line) => read.push(line),
                Err(problems) => tally.reject(row.line, problems),
            }
        }
        let units: Vec<&Unit> = read.iter().map(|line| &line.unit).collect();
        let found = Found::look_up(write, &units).await?;
        self.find(found.ids());
        let homes: Vec<Uuid> = units
            .iter()
            .filter_map(|unit| found.family(unit).ok())
            .map(|home| home.id)
            .collect();
        let members = members_of(write, &homes).await?;
        let standing = standing(write, homes.iter().copied()).await?;
        let mut waiting = Vec::new();
        for line in read {
            let for_persons = programs
                .get(&line.program)
                .is_some_and(|of| of.unit == "person");
            let meant = found.family(&line.unit).and_then(|home| {
                let person = for_persons
                    .then(|| found.person(&line.unit, home.id))
                    .transpose()?;
                Ok((home, person))
            });
            let (home, person) = match meant {
                Ok(meant) => meant,
                Err(reason) => {
                    tally.reject(line.row.line, vec![reason]);
                    continue;
                }
            };
            let region: RegionCode = home.region.parse().map_err(Error::internal)?;
            if !self.reaches(&region) {
                let told = "Keluarga ini di luar wilayah tugas Anda.";
                tally.reject(line.row.line, vec![problem("no_kk", "out_of_scope", told)]);
                continue;
            }
            let word = Word {
                program: line.program.clone(),
                family: home.id,
                person,
                ends: line.ends,
                status: line.status.clone(),
            };
            if !seen.insert(word.unit()) {
                let told =
                    "Penerima ini ada di dua baris untuk program yang sama; hapus salah satunya.";
                tally.reject(line.row.line, vec![problem("program", "duplicate", told)]);
                continue;
            }
            tally.touches(&region);
            let ours = beside(standing.get(&word.unit()));
            let mut remarks: Vec<FieldProblem> = differs(word.ends, ours).into_iter().collect();
            let people = members.get(&home.id).map(Vec::as_slice).unwrap_or_default();
            remarks.extend(other_person(&line, &found, home, person, people));
            if ours.is_none() && !word.ends {
                let elsewhere = standing.iter().any(|((code, _), rows)| {
                    *code != word.program
                        && programs.get(code).is_some_and(|of| of.central)
                        && rows
                            .iter()
                            .any(|row| row.family_id == home.id && occupies(row))
                });
                if elsewhere {
                    remarks.push(problem(
                        "program",
                        "other_program",
                        "Di sini keluarga ini penerima program pusat lain, bukan program ini; periksa apakah programnya tepat.",
                    ));
                }
                if !room_left(write, room, &word.program, &home.region).await? {
                    tally.reject(line.row.line, vec![memberships::quota_full()]);
                    continue;
                }
            }
            tally.told.note_decree(&line.number, &word);
            let same = match ours {
                Some(row) => row.central_status.as_ref() == Some(&word.status),
                None => word.ends,
            };
            if same {
                tally.unchanged += 1;
            } else {
                tally.waiting += 1;
                waiting.push((line.row.line, Waiting::Decree(word)));
            }
            if !remarks.is_empty() {
                tally.warn(line.row.line, remarks);
            }
        }
        Ok(waiting)
    }

    /// Who holds a place of the decree's programs in its cities, and is not in it. Nothing becomes of them.
    async fn count_unnamed(
        &self,
        named: &HashSet<(String, Uuid)>,
        tally: &mut Tally,
    ) -> Result<()> {
        let programs: BTreeSet<&String> = named.iter().map(|(program, _)| program).collect();
        let cities: BTreeSet<RegionCode> =
            tally.told.regions.iter().cloned().map(city_of).collect();
        let cities: Vec<RegionCode> = cities.into_iter().collect();
        let mut missing_in: BTreeMap<RegionCode, u64> = BTreeMap::new();
        let (mut missing, mut after) = (0, Uuid::nil());
        while !programs.is_empty() {
            let rows = membership::Entity::find()
                .filter(membership::Column::Program.is_in(programs.iter().copied()))
                .filter(in_regions(membership::Column::Region, &cities))
                .filter(membership::Column::State.is_in(["designated", "active", "suspended"]))
                .filter(membership::Column::Id.gt(after))
                .order_by_asc(membership::Column::Id)
                .limit(1_000)
                .all(self.by.store.read())
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            for row in rows {
                let unit = (row.program.clone(), row.person_id.unwrap_or(row.family_id));
                let region: RegionCode = row.region.parse().map_err(Error::internal)?;
                if named.contains(&unit) || !self.reaches(&region) {
                    continue;
                }
                missing += 1;
                *missing_in.entry(region).or_default() += 1;
                let listed = &mut tally.told.missing_families;
                let family = FamilyId(row.family_id);
                if listed.len() < LISTED && !listed.contains(&family) {
                    listed.push(family);
                }
            }
        }
        tally.told.missing = Some(missing);
        let counted = missing_in.into_iter().take(NAMED);
        tally.told.missing_in = counted
            .map(|(region, families)| MissingIn { region, families })
            .collect();
        Ok(())
    }
}

async fn members_of(write: &Write, homes: &[Uuid]) -> Result<HashMap<Uuid, Vec<person::Model>>> {
    let mut members: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
    let homes: BTreeSet<Uuid> = homes.iter().copied().collect();
    let rows = person::Entity::find()
        .filter(person::Column::FamilyId.is_in(homes))
        .order_by_asc(person::Column::Id)
        .all(write.on())
        .await?;
    for row in rows {
        members.entry(row.family_id).or_default().push(row);
    }
    Ok(members)
}

/// Whether the decree names somebody else than we do: another as who receives, or another name. A name alone decides
/// nothing.
fn other_person(
    line: &Line<'_>,
    found: &Found,
    home: &family::Model,
    person: Option<Uuid>,
    members: &[person::Model],
) -> Vec<FieldProblem> {
    let mut told = Vec::new();
    let ours = recipient(members, person, home.payee_id);
    if person.is_none() && line.unit.nik.is_some() {
        let named = found.person(&line.unit, home.id).ok();
        if named != ours.map(|one| one.id) {
            told.push(problem(
                "nik",
                "other_person",
                "SK menyebut orang lain daripada pengurus yang tercatat di sini; periksa apakah pengurusnya berganti.",
            ));
        }
    }
    let name = name_key(line.row.cell(NAME));
    if told.is_empty() && !name.is_empty() && ours.is_some_and(|one| one.name_key != name) {
        told.push(problem(
            "nama",
            "name_differs",
            "Nama di SK lain daripada yang tercatat; periksa ejaan atau orangnya.",
        ));
    }
    told
}

impl super::Told {
    /// Counts a word under its decree.
    fn note_decree(&mut self, number: &str, word: &Word) {
        let of = |one: &ImportedDecree| one.number == number && one.program == word.program;
        let at = self.decrees.iter().position(of).or_else(|| {
            // A column that shifted makes a decree of every line.
            (self.decrees.len() < NAMED).then(|| {
                self.decrees.push(ImportedDecree {
                    number: number.to_owned(),
                    program: word.program.clone(),
                    designated: 0,
                    ended: 0,
                });
                self.decrees.len() - 1
            })
        });
        if let Some(one) = at.and_then(|at| self.decrees.get_mut(at)) {
            let count = if word.ends {
                &mut one.ended
            } else {
                &mut one.designated
            };
            *count += 1;
        }
    }
}

pub(super) async fn put_in_force(
    write: &mut Write,
    import: ImportId,
    lines: Vec<(u64, Word)>,
    by: &TwoPersons,
    tally: &mut Tally,
) -> Result<()> {
    let standing = standing(write, lines.iter().map(|(_, word)| word.family)).await?;
    let mut places = Vec::new();
    for (line, word) in lines {
        match (beside(standing.get(&word.unit())), word.ends) {
            (Some(row), _) if row.central_status.as_ref() == Some(&word.status) => {
                tally.unchanged += 1;
            }
            (Some(row), _) => {
                let mut row = row.clone();
                let was = row.central_status.replace(word.status.clone());
                let row = slots::save_membership(write, row).await?;
                write.journal(Entry::new(
                    "membership.central",
                    format!("membership:{}", MembershipId(row.id)),
                    Role::Approver,
                    None,
                    &serde_json::json!({ "import": import, "ended": word.ends, "said_before": was.is_some(),
                        "state": row.state, "proposer": by.proposer(), "confirmer": by.confirmer() }),
                )?);
                tally.changed += 1;
            }
            (None, true) => tally.unchanged += 1,
            (None, false) => places.push((
                line,
                memberships::Place {
                    program: word.program,
                    family: word.family,
                    person: word.person,
                    state: MembershipState::Designated,
                    central_status: Some(word.status),
                },
            )),
        }
    }
    memberships::put_in_force(write, import, places, by, tally).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ministrys_many_words_for_an_end_are_known_and_no_others() {
        for word in ["", "Ditetapkan", "KPM", "aktif"] {
            assert_eq!(ends(word), Ok(false), "{word}");
        }
        for word in [
            "DIHENTIKAN",
            "EXCLUDE MENINGGAL",
            "Exclude tidak layak daerah",
            "graduasi",
        ] {
            assert_eq!(ends(word), Ok(true), "{word}");
        }
        assert_eq!(ends("mungkin").unwrap_err().code, "unknown");
    }

    #[test]
    fn what_is_kept_of_a_decree_holds_no_number_of_a_person() {
        assert!(number("no_sk", "12/HUK/2026").is_ok());
        let shifted = number("no_sk", "3571 0312 1280 0001").unwrap_err();
        assert_eq!(shifted.code, "personal_number");
        assert_eq!(number("no_sk", "SRI RAHAYU").unwrap_err().code, "bad_shape");
        assert_eq!(plain_or_none("alasan", "", 80), Ok(None));
    }

    #[test]
    fn only_what_both_say_differently_is_told() {
        use MembershipState as S;
        let ours = |state: MembershipState| membership::Model {
            id: Uuid::nil(),
            version: 1,
            program: "PKH".to_owned(),
            family_id: Uuid::nil(),
            person_id: None,
            region: "35.71.01.1001".to_owned(),
            state: state.to_string(),
            reason: None,
            slot_id: None,
            successor_of: None,
            appeal_until: None,
            eligible_at: None,
            central_status: None,
            valid_from: 0,
            recorded_at: 0,
        };
        let code = |ends, state| differs(ends, Some(&ours(state))).map(|one| one.code);
        for state in [S::Designated, S::Active] {
            assert_eq!(code(false, state), None);
            assert_eq!(code(true, state).as_deref(), Some("ended_there"));
        }
        assert_eq!(code(false, S::Suspended).as_deref(), Some("suspended_here"));
        assert_eq!(code(false, S::Candidate).as_deref(), Some("candidate_here"));
        for state in [S::Inactive, S::Replaced, S::Graduated, S::Withdrawn] {
            assert_eq!(code(false, state).as_deref(), Some("ended_here"));
            assert_eq!(code(true, state), None);
        }
        assert_eq!(differs(true, None), None);
    }
}
