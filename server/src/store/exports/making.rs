//! What stands in a file that leaves: page by page, and the file piece by piece, so that its size asks for no memory.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tilik_protocol::export::{ExportFormat, ExportKind};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::ministry::MinistryActKind;
use tilik_protocol::policy::{Permission, Role};
use tilik_protocol::time::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::AskedExport;
use crate::error::{Error, Result};
use crate::store::access::{Mode, Read};
use crate::store::case_view::masked;
use crate::store::ministry::{elsewhere, recipient};
use crate::store::replacements::{Ended, ended_before, successors};
use crate::store::tables::{
    family, house, membership, ministry_act, person, program, quota, region, slot, waitlist,
    waitlist_entry,
};
use crate::store::{Acting, in_regions};
use crate::table::{Cell, Table};

/// Rows that are read at once.
const PAGE: u64 = 500;
/// Bytes of a piece, more or less.
const PIECE: usize = 1024 * 1024;

/// A file being made.
struct Making<'a> {
    by: &'a Acting,
    asked: &'a AskedExport,
    role: Role,
    /// Regions by code.
    names: HashMap<String, String>,
    rows: u64,
    /// Where its pieces go.
    out: mpsc::Sender<Vec<u8>>,
}

/// A family with whom it is about.
struct Whose {
    home: family::Model,
    person: Option<person::Model>,
}

fn day(at: Option<i64>) -> String {
    at.map(|at| Timestamp::from_micros(at).to_string())
        .and_then(|text| text.get(..10).map(str::to_owned))
        .unwrap_or_default()
}

impl Acting {
    /// Makes a file that this actor asked for, piece by piece; how many lines it has. Every family in a piece is in the
    /// log of reads before.
    ///
    /// # Errors
    /// `forbidden` or `not_found` when the asker may not have it any more.
    pub(crate) async fn make_export(
        &self,
        asked: &AskedExport,
        out: mpsc::Sender<Vec<u8>>,
    ) -> Result<u64> {
        let role = self.may_export(&asked.region, asked.personal)?;
        self.actor.act_in(Permission::ReadCases, &asked.region)?;
        let names = region::Entity::find()
            .all(self.store.read())
            .await?
            .into_iter()
            .map(|row| (row.code, row.name))
            .collect();
        let mut making = Making {
            by: self,
            asked,
            role,
            names,
            rows: 0,
            out,
        };
        match (asked.kind, asked.format) {
            (ExportKind::Pins, _) => making.pins().await?,
            (_, ExportFormat::Csv | ExportFormat::Geojson) => making.table(Table::csv()?).await?,
            (_, ExportFormat::Xlsx) => making.table(Table::xlsx()?).await?,
        }
        Ok(making.rows)
    }
}

impl Making<'_> {
    async fn table(&mut self, mut table: Table) -> Result<()> {
        match self.asked.kind {
            ExportKind::Recipients => self.recipients(&mut table).await?,
            ExportKind::Families => self.families(&mut table).await?,
            ExportKind::Waitlist => self.waitlists(&mut table).await?,
            ExportKind::Quotas => self.quotas(&mut table).await?,
            ExportKind::Worklist => self.worklist(&mut table).await?,
            ExportKind::Replacements => self.replacements(&mut table).await?,
            ExportKind::Pins => {}
        }
        self.send(table.finish()?).await
    }

    async fn send(&self, piece: Vec<u8>) -> Result<()> {
        // Whoever keeps the pieces has failed, and tells why.
        let gone = |_| Error::internal("nobody keeps the pieces of a file");
        self.out.send(piece).await.map_err(gone)
    }

    /// Gives away what is written, when it is enough for a piece.
    async fn spill(&self, table: &mut Table) -> Result<()> {
        match table.take(PIECE) {
            Some(piece) => self.send(piece).await,
            None => Ok(()),
        }
    }

    fn row(&mut self, table: &mut Table, cells: &[Cell]) -> Result<()> {
        self.rows += 1;
        table.row(cells)
    }

    fn named(&self, code: &str) -> String {
        self.names.get(code).cloned().unwrap_or_default()
    }

    async fn log(&self, families: Vec<Uuid>) -> Result<()> {
        let what = if self.asked.personal {
            "export_personal"
        } else {
            "export"
        };
        let reads: Vec<Read> = families
            .into_iter()
            .map(|id| Read {
                kind: "family",
                id,
                what,
                mode: Mode::Served,
                role: self.role,
                purpose: self.asked.purpose.clone(),
            })
            .collect();
        self.by.note_reads(reads).await
    }

    /// A number in clear when that was asked for, else its first digits.
    fn number(
        &self,
        table: &str,
        column: &str,
        id: Uuid,
        sealed: Option<&Vec<u8>>,
    ) -> Result<String> {
        let Some(sealed) = sealed else {
            return Ok(String::new());
        };
        let keys = self.by.store.keys();
        let clear = keys
            .decrypt_field(table, column, id, sealed)
            .map_err(Error::internal)?;
        Ok(if self.asked.personal {
            clear.to_string()
        } else {
            masked(&clear)
        })
    }

    fn kk(&self, home: &family::Model) -> Result<String> {
        self.number("family", "kk", home.id, home.kk_enc.as_ref())
    }

    fn nik(&self, one: &person::Model) -> Result<String> {
        self.number("person", "nik", one.id, one.nik_enc.as_ref())
    }

    fn born(&self, one: &person::Model) -> Result<String> {
        match &one.birth_date_enc {
            Some(_) if self.asked.personal => {
                self.number("person", "birth_date", one.id, one.birth_date_enc.as_ref())
            }
            _ => Ok(one
                .birth_year
                .map_or_else(String::new, |year| year.to_string())),
        }
    }

    /// The families behind some ids, each with the person meant, or who receives for it.
    async fn whose(&self, of: &[(Uuid, Option<Uuid>)]) -> Result<Vec<Option<Whose>>> {
        let on = self.by.store.read();
        let families: HashMap<Uuid, family::Model> = family::Entity::find()
            .filter(family::Column::Id.is_in(of.iter().map(|(id, _)| *id)))
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut persons: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
        for one in person::Entity::find()
            .filter(person::Column::FamilyId.is_in(families.keys().copied()))
            .filter(person::Column::MergedInto.is_null())
            .order_by_asc(person::Column::Id)
            .all(on)
            .await?
        {
            persons.entry(one.family_id).or_default().push(one);
        }
        let elsewhere = elsewhere(on, of, &persons).await?;
        self.log(families.keys().copied().collect()).await?;
        Ok(of
            .iter()
            .map(|(id, person)| {
                let home = families.get(id)?.clone();
                let members = persons.get(id).map(Vec::as_slice).unwrap_or_default();
                let meant = recipient(members, *person, home.payee_id).cloned();
                Some(Whose {
                    person: meant.or_else(|| elsewhere.get(&(*person)?).cloned()),
                    home,
                })
            })
            .collect())
    }

    /// The cells that say who somebody is and where they live.
    fn who(&self, whose: &Whose) -> Result<Vec<Cell>> {
        let Whose { home, person } = whose;
        let nik = person.as_ref().map(|one| self.nik(one)).transpose()?;
        let name = person.as_ref().map_or(&home.name, |one| &one.name);
        Ok(vec![
            home.registry_key.clone().unwrap_or_default().into(),
            self.kk(home)?.into(),
            nik.unwrap_or_default().into(),
            name.clone().into(),
            home.address.clone().into(),
            home.rt.clone().into(),
            home.rw.clone().into(),
            home.region.clone().into(),
            self.named(&home.region).into(),
        ])
    }

    async fn recipients(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "program",
            "status",
            "status_pusat",
            "id_keluarga",
            "no_kk",
            "nik",
            "nama",
            "alamat",
            "rt",
            "rw",
            "wilayah",
            "desa_kelurahan",
            "desil",
        ])?;
        let holding = [
            MembershipState::Designated,
            MembershipState::Active,
            MembershipState::Suspended,
        ]
        .map(|state| state.to_string());
        let mut after = Uuid::nil();
        loop {
            let mut query = membership::Entity::find()
                .filter(in_regions(
                    membership::Column::Region,
                    std::slice::from_ref(&self.asked.region),
                ))
                .filter(membership::Column::State.is_in(holding.iter().cloned()))
                .filter(membership::Column::Id.gt(after));
            if let Some(program) = &self.asked.program {
                query = query.filter(membership::Column::Program.eq(program));
            }
            let rows = query
                .order_by_asc(membership::Column::Id)
                .limit(PAGE)
                .all(self.by.store.read())
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            let of: Vec<_> = rows
                .iter()
                .map(|row| (row.family_id, row.person_id))
                .collect();
            for (row, whose) in rows.iter().zip(self.whose(&of).await?) {
                let Some(whose) = whose else { continue };
                let mut cells: Vec<Cell> = vec![
                    row.program.clone().into(),
                    row.state.clone().into(),
                    row.central_status.clone().unwrap_or_default().into(),
                ];
                cells.extend(self.who(&whose)?);
                cells.push(decile(&whose.home));
                self.row(table, &cells)?;
            }
            self.spill(table).await?;
        }
    }

    async fn families(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "id_keluarga",
            "no_kk",
            "nik",
            "nama",
            "nama_kepala_keluarga",
            "tanggal_lahir",
            "jenis_kelamin",
            "hub_keluarga",
            "alamat",
            "rt",
            "rw",
            "wilayah",
            "desa_kelurahan",
            "desil",
            "status_hidup",
        ])?;
        let mut after = Uuid::nil();
        loop {
            let rows = self.family_page(after).await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            let mut persons: HashMap<Uuid, Vec<person::Model>> = HashMap::new();
            for one in person::Entity::find()
                .filter(person::Column::FamilyId.is_in(rows.iter().map(|row| row.id)))
                .filter(person::Column::MergedInto.is_null())
                .order_by_asc(person::Column::Id)
                .all(self.by.store.read())
                .await?
            {
                persons.entry(one.family_id).or_default().push(one);
            }
            self.log(rows.iter().map(|row| row.id).collect()).await?;
            for home in &rows {
                for one in persons.get(&home.id).into_iter().flatten() {
                    let sex = match one.sex.as_deref() {
                        Some("male") => "L",
                        Some("female") => "P",
                        _ => "",
                    };
                    let cells = [
                        home.registry_key.clone().unwrap_or_default().into(),
                        self.kk(home)?.into(),
                        self.nik(one)?.into(),
                        one.name.clone().into(),
                        home.name.clone().into(),
                        self.born(one)?.into(),
                        sex.into(),
                        one.relation.replace('_', " ").into(),
                        home.address.clone().into(),
                        home.rt.clone().into(),
                        home.rw.clone().into(),
                        home.region.clone().into(),
                        self.named(&home.region).into(),
                        decile(home),
                        if one.alive { "hidup" } else { "meninggal" }.into(),
                    ];
                    self.row(table, &cells)?;
                }
            }
            self.spill(table).await?;
        }
    }

    async fn family_page(&self, after: Uuid) -> Result<Vec<family::Model>> {
        Ok(family::Entity::find()
            .filter(in_regions(
                family::Column::Region,
                std::slice::from_ref(&self.asked.region),
            ))
            .filter(family::Column::Id.gt(after))
            .filter(family::Column::ClosedAt.is_null())
            .order_by_asc(family::Column::Id)
            .limit(PAGE)
            .all(self.by.store.read())
            .await?)
    }

    async fn waitlists(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "program",
            "urutan",
            "id_keluarga",
            "no_kk",
            "nik",
            "nama",
            "alamat",
            "rt",
            "rw",
            "wilayah",
            "desa_kelurahan",
            "desil",
            "mendapat_jatah",
        ])?;
        let mut query = waitlist::Entity::find()
            .filter(in_regions(
                waitlist::Column::Region,
                std::slice::from_ref(&self.asked.region),
            ))
            .filter(waitlist::Column::FrozenAt.is_not_null())
            .filter(waitlist::Column::SupersededAt.is_null());
        if let Some(program) = &self.asked.program {
            query = query.filter(waitlist::Column::Program.eq(program));
        }
        let lists = query
            .order_by_asc(waitlist::Column::Program)
            .order_by_asc(waitlist::Column::Region)
            .all(self.by.store.read())
            .await?;
        for list in lists {
            let mut after = i32::MIN;
            loop {
                let rows = waitlist_entry::Entity::find()
                    .filter(waitlist_entry::Column::WaitlistId.eq(list.id))
                    .filter(waitlist_entry::Column::Position.gt(after))
                    .order_by_asc(waitlist_entry::Column::Position)
                    .limit(PAGE)
                    .all(self.by.store.read())
                    .await?;
                let Some(last) = rows.last() else { break };
                after = last.position;
                let of: Vec<_> = rows
                    .iter()
                    .map(|row| (row.family_id, row.person_id))
                    .collect();
                for (row, whose) in rows.iter().zip(self.whose(&of).await?) {
                    let Some(whose) = whose else { continue };
                    let mut cells = vec![
                        Cell::from(list.program.clone()),
                        Cell::Number(row.position.into()),
                    ];
                    cells.extend(self.who(&whose)?);
                    cells.push(decile(&whose.home));
                    cells.push(day(row.taken_at).into());
                    self.row(table, &cells)?;
                }
                self.spill(table).await?;
            }
        }
        Ok(())
    }

    async fn quotas(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "program",
            "nama_program",
            "sumber_dana",
            "wilayah",
            "desa_kelurahan",
            "jatah",
            "terpakai",
            "dicadangkan",
            "kosong",
        ])?;
        let on = self.by.store.read();
        let programs: HashMap<String, program::Model> = program::Entity::find()
            .all(on)
            .await?
            .into_iter()
            .map(|row| (row.code.clone(), row))
            .collect();
        let here = std::slice::from_ref(&self.asked.region);
        let counted: Vec<(String, String, String, i64)> = slot::Entity::find()
            .select_only()
            .columns([
                slot::Column::Program,
                slot::Column::Region,
                slot::Column::State,
            ])
            .column_as(sea_orm::sea_query::Expr::cust("count(*)"), "n")
            .filter(in_regions(slot::Column::Region, here))
            .group_by(slot::Column::Program)
            .group_by(slot::Column::Region)
            .group_by(slot::Column::State)
            .into_tuple()
            .all(on)
            .await?;
        let used: HashMap<(String, String, String), i64> = counted
            .into_iter()
            .map(|(program, region, state, n)| ((program, region, state), n))
            .collect();
        let mut query = quota::Entity::find().filter(in_regions(quota::Column::Region, here));
        if let Some(program) = &self.asked.program {
            query = query.filter(quota::Column::Program.eq(program));
        }
        let rows = query
            .order_by_asc(quota::Column::Program)
            .order_by_asc(quota::Column::Region)
            .all(on)
            .await?;
        for row in rows {
            let of = programs.get(&row.program);
            let slots = |state: &str| {
                let key = (row.program.clone(), row.region.clone(), state.to_owned());
                Cell::Number(used.get(&key).copied().unwrap_or(0))
            };
            let cells = [
                row.program.clone().into(),
                of.map_or_else(String::new, |of| of.name.clone()).into(),
                of.map_or_else(String::new, |of| of.fund.to_uppercase())
                    .into(),
                row.region.clone().into(),
                self.named(&row.region).into(),
                Cell::Number(row.slots.into()),
                slots("held"),
                slots("reserved"),
                slots("free"),
            ];
            self.row(table, &cells)?;
        }
        Ok(())
    }

    async fn worklist(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "program",
            "putusan",
            "alasan",
            "disahkan",
            "sudah_diinput",
            "id_keluarga",
            "no_kk",
            "nik",
            "nama",
            "alamat",
            "rt",
            "rw",
            "wilayah",
            "desa_kelurahan",
        ])?;
        let mut after = Uuid::nil();
        loop {
            let mut query = ministry_act::Entity::find()
                .filter(in_regions(
                    ministry_act::Column::Region,
                    std::slice::from_ref(&self.asked.region),
                ))
                .filter(ministry_act::Column::Id.gt(after));
            if let Some(program) = &self.asked.program {
                query = query.filter(ministry_act::Column::Program.eq(program));
            }
            let rows = query
                .order_by_asc(ministry_act::Column::Id)
                .limit(PAGE)
                .all(self.by.store.read())
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            let of: Vec<_> = rows
                .iter()
                .map(|row| (row.family_id, row.person_id))
                .collect();
            for (row, whose) in rows.iter().zip(self.whose(&of).await?) {
                let Some(whose) = whose else { continue };
                let kind = match row.kind.parse().map_err(Error::internal)? {
                    MinistryActKind::Cancelled => "tidak layak",
                    MinistryActKind::Designated => "penerima baru",
                    MinistryActKind::Eligible => "tetap layak",
                    MinistryActKind::Proposed => "usulan",
                    MinistryActKind::Reinstated => "dikembalikan",
                };
                let mut cells: Vec<Cell> = vec![
                    row.program.clone().into(),
                    kind.into(),
                    row.reason.clone().unwrap_or_default().into(),
                    day(Some(row.approved_at)).into(),
                    day(row.entered_at).into(),
                ];
                cells.extend(self.who(&whose)?);
                self.row(table, &cells)?;
            }
            self.spill(table).await?;
        }
    }

    /// Who took whose place, as the city tells whoever gave the aid.
    async fn replacements(&mut self, table: &mut Table) -> Result<()> {
        table.head(&[
            "Program",
            "Provinsi",
            "Kabupaten_Kota",
            "Kecamatan",
            "Desa_Kelurahan",
            "Id_DTKS_Lama",
            "Nokk_Lama",
            "Nik_Lama",
            "Nama_Lama",
            "Alamat_Lama",
            "RT_Lama",
            "RW_Lama",
            "Sebab",
            "Nomor_BA",
            "Tanggal",
            "Id_DTKS",
            "Nokk",
            "Nik",
            "Nama",
            "Tanggal_Lahir",
            "Jenis_Kelamin",
            "Alamat",
            "RT",
            "RW",
            "Keadaan",
        ])?;
        let mut after = Uuid::nil();
        loop {
            let here = std::slice::from_ref(&self.asked.region);
            let rows = successors(here, self.asked.program.as_ref())
                .filter(membership::Column::Id.gt(after))
                .order_by_asc(membership::Column::Id)
                .limit(PAGE)
                .all(self.by.store.read())
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            let ended = ended_before(self.by.store.read(), &rows).await?;
            let pairs: Vec<_> = rows
                .iter()
                .filter_map(|row| Some((row, ended.get(&row.id)?)))
                .collect();
            let of: Vec<_> = pairs
                .iter()
                .flat_map(|(row, ended)| [*row, &ended.row])
                .map(|row| (row.family_id, row.person_id))
                .collect();
            let whose = self.whose(&of).await?;
            for ((row, ended), sides) in pairs.into_iter().zip(whose.chunks(2)) {
                let [Some(now), Some(before)] = sides else {
                    continue;
                };
                let cells = self.replacement(row, ended, before, now)?;
                self.row(table, &cells)?;
            }
            self.spill(table).await?;
        }
    }

    fn replacement(
        &self,
        row: &membership::Model,
        ended: &Ended,
        before: &Whose,
        now: &Whose,
    ) -> Result<Vec<Cell>> {
        let state = match row.state.as_str() {
            "candidate" => "calon",
            "designated" => "ditetapkan",
            "active" => "aktif",
            "suspended" => "ditangguhkan",
            _ => "berakhir",
        };
        let mut cells: Vec<Cell> = vec![row.program.clone().into()];
        cells.extend(self.above(&row.region).map(Cell::from));
        cells.extend(self.one_side(before)?);
        cells.extend([
            Cell::from(ended.reason.clone().unwrap_or_default()),
            Cell::from(ended.document_number.clone().unwrap_or_default()),
            Cell::from(day(ended.confirmed_at)),
        ]);
        let [key, kk, nik, name, address, rt, rw] = self.one_side(now)?;
        let person = now.person.as_ref();
        let born = person.map(|one| self.born(one)).transpose()?;
        let sex = match person.and_then(|one| one.sex.as_deref()) {
            Some("male") => "L",
            Some("female") => "P",
            _ => "",
        };
        cells.extend([key, kk, nik, name]);
        cells.extend([Cell::from(born.unwrap_or_default()), Cell::from(sex)]);
        cells.extend([address, rt, rw, Cell::from(state)]);
        Ok(cells)
    }

    /// The names of the province, city, district and village of a village's code.
    fn above(&self, village: &str) -> [String; 4] {
        [2, 5, 8, village.len()].map(|end| {
            let code = village.get(..end.min(village.len()));
            code.map(|code| self.named(code)).unwrap_or_default()
        })
    }

    /// Who somebody is and where they live, without the village.
    fn one_side(&self, whose: &Whose) -> Result<[Cell; 7]> {
        let Whose { home, person } = whose;
        let nik = person.as_ref().map(|one| self.nik(one)).transpose()?;
        let name = person.as_ref().map_or(&home.name, |one| &one.name);
        Ok([
            home.registry_key.clone().unwrap_or_default().into(),
            self.kk(home)?.into(),
            nik.unwrap_or_default().into(),
            name.clone().into(),
            home.address.clone().into(),
            home.rt.clone().into(),
            home.rw.clone().into(),
        ])
    }

    /// Where houses were last pinned by accepted evidence, else where the registry says they are.
    async fn pins(&mut self) -> Result<()> {
        let mut file = br#"{"type":"FeatureCollection","features":["#.to_vec();
        let mut after = Uuid::nil();
        loop {
            let rows = self.family_page(after).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            let houses: HashMap<Uuid, house::Model> = house::Entity::find()
                .filter(house::Column::Id.is_in(rows.iter().map(|row| row.house_id)))
                .all(self.by.store.read())
                .await?
                .into_iter()
                .map(|row| (row.id, row))
                .collect();
            let placed: Vec<_> = rows
                .iter()
                .filter_map(|home| {
                    let house = houses.get(&home.house_id)?;
                    let (place, source) = match (house.lat_e7, house.lon_e7) {
                        (Some(lat), Some(lon)) => ((lat, lon), "kunjungan"),
                        _ => (
                            (house.registry_lat_e7?, house.registry_lon_e7?),
                            "registrasi",
                        ),
                    };
                    Some((home, house, place, source))
                })
                .collect();
            self.log(placed.iter().map(|(home, ..)| home.id).collect())
                .await?;
            for (home, house, (lat, lon), source) in placed {
                #[expect(clippy::cast_precision_loss, reason = "degrees × 10⁷ fit")]
                let degrees = |e7: i64| e7 as f64 / 1e7;
                let mut properties = serde_json::json!({
                    "keluarga": home.id, "wilayah": home.region, "sumber": source,
                });
                if source == "kunjungan" {
                    properties["akurasi_cm"] = house.accuracy_cm.into();
                    properties["tanggal"] = day(house.pinned_at).into();
                }
                if self.asked.personal {
                    properties["nama"] = home.name.clone().into();
                    properties["no_kk"] = self.kk(home)?.into();
                    properties["alamat"] = home.address.clone().into();
                }
                let feature = serde_json::json!({
                    "type": "Feature",
                    "geometry": { "type": "Point", "coordinates": [degrees(lon), degrees(lat)] },
                    "properties": properties,
                });
                if self.rows > 0 {
                    file.push(b',');
                }
                serde_json::to_writer(&mut file, &feature).map_err(Error::internal)?;
                self.rows += 1;
            }
            if file.len() >= PIECE {
                self.send(std::mem::take(&mut file)).await?;
            }
        }
        file.extend_from_slice(b"]}");
        self.send(file).await
    }
}

fn decile(home: &family::Model) -> Cell {
    home.decile
        .map_or_else(|| Cell::from(""), |decile| Cell::Number(decile.into()))
}
