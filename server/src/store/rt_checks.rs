//! The checklists of the RTs: who stands on them, in the order of the paper, and what was entered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
};
use tilik_protocol::ids::FamilyId;
use tilik_protocol::lenient::Lenient;
use tilik_protocol::policy::Permission;
use tilik_protocol::problem::ProblemCode;
use tilik_protocol::region::{RegionCode, RegionLevel};
use tilik_protocol::rt_check::{
    EnterRtChecks, RtCheckRow, RtChecks, RtChecksEntered, RtFinding, RtMark, RtProgress, RtSheet,
};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use super::Acting;
use super::families::OVER;
use super::journal::Entry;
use super::overview::{MINUTE_US, Month, Values};
use super::slots::OCCUPYING;
use super::tables::{membership, rt_check, verification_case};
use super::write::{Seen, Write};
use crate::error::{Error, Result};

/// So many marks at most come at once: more than the largest RT has.
const MOST_MARKS: usize = 200;

/// Where the RT knows a family: its domicile when that is in the same village, else where its KTP says, also when it lives
/// elsewhere. Whoever walks there asks for that house.
fn place(of: &str) -> String {
    format!(
        "CASE WHEN f.domicile_region = f.region THEN COALESCE(f.domicile_{of}, '') ELSE f.{of} END"
    )
}

/// `FROM` and `WHERE` of a village's list: whoever receives or stands for a place.
fn listed(values: &mut Values, region: &RegionCode) -> String {
    let region = values.put(region.as_str());
    let states = OCCUPYING.map(|state| format!("'{state}'")).join(", ");
    format!(
        "FROM family f WHERE f.region = {region} AND f.closed_at IS NULL AND EXISTS (SELECT 1 FROM membership m \
         WHERE m.family_id = f.id AND m.state IN ({states}))"
    )
}

#[derive(FromQueryResult)]
struct Listed {
    id: Uuid,
    name: String,
    address: String,
    rw: String,
    rt: String,
}

#[derive(FromQueryResult)]
struct Known {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct Counted {
    rw: String,
    rt: String,
    finding: Option<String>,
    families: i64,
}

impl Acting {
    /// The village that was asked for.
    fn village(&self, region: &RegionCode) -> Result<()> {
        self.actor.require(Permission::ReadCases)?;
        let mine = self.actor.regions(Permission::ReadCases);
        if region.level() == RegionLevel::Village && mine.iter().any(|own| own.covers(region)) {
            return Ok(());
        }
        Err(Error::field(
            "region",
            "out_of_reach",
            "Pilih kelurahan dari daftar: wilayah ini bukan kelurahan, atau bukan wilayah Anda.",
        ))
    }

    fn month_there(&self, region: &RegionCode) -> Result<String> {
        let offset_us = region.utc_offset_min() * MINUTE_US;
        let month = Month::new(None, self.store.now(), offset_us)?;
        Ok(month.first.format("%Y-%m").to_string())
    }

    /// How far each RT of a village is in the present month.
    ///
    /// # Errors
    /// `forbidden`; `invalid` when it is no village in reach.
    pub async fn rt_progress(&self, region: &RegionCode) -> Result<RtChecks> {
        self.village(region)?;
        let month = self.month_there(region)?;
        let mut values = Values::default();
        let at = values.put(month.as_str());
        let there = values.put(region.as_str());
        let from = listed(&mut values, region);
        let (rw, rt) = (place("rw"), place("rt"));
        let text = format!(
            "SELECT rw, rt, finding, count(*) AS families FROM (SELECT {rw} AS rw, {rt} AS rt, \
             (SELECT c.finding FROM rt_check c WHERE c.family_id = f.id AND c.month = {at} AND c.region = {there}) AS finding {from}) AS list \
             GROUP BY rw, rt, finding"
        );
        let mut items: BTreeMap<(String, String), RtProgress> = BTreeMap::new();
        for row in self.rows::<Counted>(&text, values).await? {
            let of = items.entry((row.rw.clone(), row.rt.clone()));
            let of = of.or_insert_with(|| RtProgress {
                rw: row.rw,
                rt: row.rt,
                ..RtProgress::default()
            });
            let families = row.families.unsigned_abs();
            of.families += families;
            match row.finding.and_then(|word| word.parse().ok()) {
                None => {}
                Some(RtFinding::Present) => of.present += families,
                Some(RtFinding::Died) => of.died += families,
                Some(RtFinding::Moved) => of.moved += families,
                Some(RtFinding::Unknown) => of.unknown += families,
                Some(RtFinding::WellOff) => of.well_off += families,
            }
        }
        Ok(RtChecks {
            month,
            region: region.clone(),
            items: items.into_values().collect(),
        })
    }

    /// The list of a village, or of an RW or RT of it, in the order of the paper. Logged as a read of each.
    ///
    /// # Errors
    /// `forbidden`, `bad_cursor`; `invalid` when it is no village in reach.
    pub async fn rt_sheet(
        &self,
        region: &RegionCode,
        rw: Option<&str>,
        rt: Option<&str>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<RtSheet> {
        self.village(region)?;
        let month = self.month_there(region)?;
        let bad = || Error::Refused(ProblemCode::BadCursor);
        let mut values = Values::default();
        let from = listed(&mut values, region);
        let [of_rw, of_rt, of_address] = ["rw", "rt", "address"].map(place);
        let list = format!(
            "SELECT f.id AS id, f.name AS name, f.name_key AS name_key, {of_address} AS address, {of_rw} AS rw, {of_rt} AS rt {from}"
        );
        let mut wanted = vec!["1 = 1".to_owned()];
        for (column, asked) in [("rw", rw), ("rt", rt)] {
            if let Some(asked) = asked {
                let asked = values.put(asked);
                wanted.push(format!("{column} = {asked}"));
            }
        }
        if let Some(after) = after {
            let after = Uuid::parse_str(after).map_err(|_| bad())?;
            // Who left the list has no place in it any more, and whoever is out of reach never had one.
            if self
                .on_list(self.store.read(), region, [after])
                .await?
                .is_empty()
            {
                return Err(bad());
            }
            let after = values.put(after);
            wanted.push(format!(
                "(rw, rt, address, name_key, id) > (SELECT rw, rt, address, name_key, id FROM list WHERE id = {after})"
            ));
        }
        let most = values.put(i64::try_from(limit + 1).unwrap_or(i64::MAX));
        let wanted = wanted.join(" AND ");
        let text = format!(
            "WITH list AS ({list}) SELECT id, name, address, rw, rt FROM list WHERE {wanted} \
             ORDER BY rw, rt, address, name_key, id LIMIT {most}"
        );
        let mut found = self.rows::<Listed>(&text, values).await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found.last().filter(|_| more).map(|row| row.id.to_string());
        let reads = found
            .iter()
            .map(|row| self.family_read(row.id, region, "family_row"))
            .collect::<Result<Vec<_>>>()?;
        let items = self.rt_rows(region, &month, found).await?;
        self.note_reads(reads).await?;
        Ok(RtSheet { month, items, next })
    }

    /// Those of the families that are on a village's list.
    async fn on_list(
        &self,
        on: &impl ConnectionTrait,
        region: &RegionCode,
        families: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>> {
        let mut values = Values::default();
        let from = listed(&mut values, region);
        let ids: Vec<String> = families.into_iter().map(|id| values.put(id)).collect();
        let text = format!("SELECT f.id AS id {from} AND f.id IN ({})", ids.join(", "));
        let statement = self.store.sql(&text, values.0);
        let rows = Known::find_by_statement(statement).all(on).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// What the list shows of these families, in their order.
    async fn rt_rows(
        &self,
        region: &RegionCode,
        month: &str,
        found: Vec<Listed>,
    ) -> Result<Vec<RtCheckRow>> {
        let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
        let held: Vec<(Uuid, String)> = membership::Entity::find()
            .select_only()
            .columns([membership::Column::FamilyId, membership::Column::Program])
            .filter(membership::Column::FamilyId.is_in(ids.iter().copied()))
            .filter(membership::Column::State.is_in(OCCUPYING))
            .into_tuple()
            .all(self.store.read())
            .await?;
        let mut programs: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
        for (family, program) in held {
            programs.entry(family).or_default().insert(program);
        }
        let open: Vec<Uuid> = verification_case::Entity::find()
            .select_only()
            .column(verification_case::Column::FamilyId)
            .filter(verification_case::Column::FamilyId.is_in(ids.iter().copied()))
            .filter(verification_case::Column::State.is_not_in(OVER))
            .into_tuple()
            .all(self.store.read())
            .await?;
        let open: HashSet<Uuid> = open.into_iter().collect();
        let said = rt_check::Entity::find()
            .filter(rt_check::Column::FamilyId.is_in(ids))
            .filter(rt_check::Column::Month.eq(month))
            .filter(rt_check::Column::Region.eq(region.as_str()))
            .all(self.store.read())
            .await?;
        let people = said.iter().map(|row| row.entered_by).collect();
        let names = self.store.names_of(people).await?;
        let said: HashMap<Uuid, rt_check::Model> =
            said.into_iter().map(|row| (row.family_id, row)).collect();
        let row = |one: Listed| {
            let said = said.get(&one.id);
            RtCheckRow {
                family: FamilyId(one.id),
                name: one.name,
                address: one.address,
                rw: one.rw,
                rt: one.rt,
                programs: programs.remove(&one.id).into_iter().flatten().collect(),
                finding: said.map(|row| Lenient::read(&row.finding)),
                entered_at: said.map(|row| Timestamp::from_micros(row.entered_at)),
                entered_by: said.and_then(|row| names.get(&row.entered_by).cloned()),
                open_case: open.contains(&one.id),
            }
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// Enters what the paper says. What somebody else entered meanwhile is not overwritten, and told. A repeat changes
    /// nothing, and tells what stands now.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `event_reused`; `invalid` for another month, no mark, too many, or a family twice.
    pub async fn enter_rt_checks(&self, body: EnterRtChecks) -> Result<RtChecksEntered> {
        let region = &body.region;
        let role = self.actor.act_in(Permission::MaintainFamilies, region)?;
        let me = self.actor.person_id()?;
        let families: HashSet<FamilyId> = body.marks.iter().map(|mark| mark.family).collect();
        if families.len() != body.marks.len() || !(1..=MOST_MARKS).contains(&families.len()) {
            return Err(Error::field(
                "marks",
                "out_of_range",
                "Kirim 1 sampai 200 keluarga, tiap keluarga satu kali.",
            ));
        }
        let mut write = self.begin().await?;
        write.acts_in(region.clone());
        let object = format!("region:{region}");
        let seen = write.once(body.event_id, "rt_check.enter", &object, &body);
        let seen = seen.await?;
        // What was entered before the month ended stands, also for whoever did not hear so.
        if seen == Seen::Now && body.month != self.month_there(region)? {
            return Err(Error::field(
                "month",
                "not_now",
                "Hanya daftar bulan berjalan yang dapat diisi. Muat ulang halaman, lalu cetak daftar bulan ini.",
            ));
        }
        let mut told = RtChecksEntered::default();
        let ids = families.into_iter().map(Uuid::from);
        let listed = self.on_list(write.on(), region, ids).await?;
        let mut unchanged = Vec::new();
        for mark in &body.marks {
            if !listed.contains(&Uuid::from(mark.family)) {
                told.gone.push(mark.family);
            } else if seen == Seen::Now
                && mark.was != mark.finding
                && put(&write, mark, &body, me.into()).await?
            {
                write.journal(Entry::new(
                    "rt_check.enter",
                    format!("family:{}", mark.family),
                    role,
                    Some(body.event_id),
                    &serde_json::json!({ "month": body.month, "finding": mark.finding, "was": mark.was }),
                )?);
                told.changed.push(mark.family);
            } else {
                unchanged.push(mark);
            }
        }
        let stand = rt_check::Entity::find()
            .filter(
                rt_check::Column::FamilyId
                    .is_in(unchanged.iter().map(|mark| Uuid::from(mark.family))),
            )
            .filter(rt_check::Column::Month.eq(body.month.as_str()))
            .filter(rt_check::Column::Region.eq(region.as_str()))
            .all(write.on())
            .await?;
        let stand: HashMap<Uuid, RtFinding> = stand
            .into_iter()
            .filter_map(|row| Some((row.family_id, row.finding.parse().ok()?)))
            .collect();
        for mark in unchanged {
            if stand.get(&Uuid::from(mark.family)).copied() == mark.finding {
                told.known.push(mark.family);
            } else {
                told.stale.push(mark.family);
            }
        }
        if seen == Seen::Now {
            write.commit().await?;
        }
        Ok(told)
    }
}

/// Whether the word stands now: not when another stood there than the one that was seen.
async fn put(write: &Write, mark: &RtMark, body: &EnterRtChecks, me: Uuid) -> Result<bool> {
    let id = Uuid::from(mark.family);
    let (month, region) = (body.month.as_str(), body.region.as_str());
    let at = write.at().as_micros();
    let Some(finding) = mark.finding else {
        let gone = rt_check::Entity::delete_many()
            .filter(rt_check::Column::FamilyId.eq(id))
            .filter(rt_check::Column::Month.eq(month))
            .filter(rt_check::Column::Region.eq(region))
            .filter(rt_check::Column::Finding.eq(mark.was.map(|was| was.to_string())))
            .exec(write.on())
            .await?;
        return Ok(gone.rows_affected > 0);
    };
    if let Some(was) = mark.was {
        let changed = rt_check::Entity::update_many()
            .set(rt_check::ActiveModel {
                finding: Set(finding.to_string()),
                entered_at: Set(at),
                entered_by: Set(me),
                ..Default::default()
            })
            .filter(rt_check::Column::FamilyId.eq(id))
            .filter(rt_check::Column::Month.eq(month))
            .filter(rt_check::Column::Region.eq(region))
            .filter(rt_check::Column::Finding.eq(was.to_string()))
            .exec(write.on())
            .await?;
        return Ok(changed.rows_affected > 0);
    }
    let row = rt_check::ActiveModel {
        family_id: Set(id),
        month: Set(month.to_owned()),
        region: Set(region.to_owned()),
        finding: Set(finding.to_string()),
        entered_at: Set(at),
        entered_by: Set(me),
    };
    let new = rt_check::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([
                rt_check::Column::FamilyId,
                rt_check::Column::Month,
                rt_check::Column::Region,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(write.on())
        .await?;
    Ok(new > 0)
}
