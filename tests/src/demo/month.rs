//! What happens without a visit: the civil registry tells of deaths and moves, and families object to what was decided.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tilik_protocol::appeal::AppealView;
use tilik_protocol::population::{BatchReceipt, BatchState};
use tilik_protocol::registry::ImportKind;
use tilik_protocol::report::MonthlyReport;
use tilik_protocol::review::{MembershipRow, Page};
use tilik_protocol::window::{Standing, WindowView};

use super::{Cast, Demo, VILLAGES};
use crate::feed::{Signer, event, moves};
use crate::kediri;

/// Most events of one run: a registry that told of more deaths in a day would be stopped until a person has looked.
const MOST_TOLD: u64 = 40;
/// The columns of the file of families.
const NIK: usize = 2;
const RELATION: usize = 7;
const REGION: usize = 12;

/// Somebody with a NIK, and whether they are the head of their family.
struct Known {
    nik: String,
    head: bool,
}

/// The city's civil registry: it knows everybody, and signs what it sends.
pub struct Registry {
    signer: Signer,
    /// The number of the last event.
    seq: u64,
    /// The families of each village that nothing was told of yet.
    homes: BTreeMap<String, Vec<Vec<Known>>>,
}

impl Registry {
    /// As its files are on the first day.
    ///
    /// # Errors
    /// Never: the city is ours.
    pub fn open(demo: &Demo) -> Result<Self> {
        let files = kediri::files(demo.seed);
        let families = files
            .into_iter()
            .find(|(kind, ..)| *kind == ImportKind::Families);
        let (_, _, bytes) = families.context("a file of families")?;
        let mut homes: BTreeMap<String, BTreeMap<String, Vec<Known>>> = BTreeMap::new();
        for line in String::from_utf8(bytes)?.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let (Some(nik), Some(relation)) = (cells.get(NIK), cells.get(RELATION)) else {
                continue;
            };
            let (Some(family), Some(region)) = (cells.first(), cells.get(REGION)) else {
                continue;
            };
            let here = homes.entry((*region).to_owned()).or_default();
            let home = here.entry((*family).to_owned()).or_default();
            if !nik.is_empty() {
                let head = relation.starts_with("KEPALA");
                let nik = (*nik).to_owned();
                home.push(Known { nik, head });
            }
        }
        let of_two = |home: &Vec<Known>| home.len() > 1 && home.iter().any(|one| one.head);
        Ok(Self {
            signer: Signer::registry()?,
            seq: 0,
            homes: homes
                .into_iter()
                .map(|(region, here)| (region, here.into_values().filter(of_two).collect()))
                .collect(),
        })
    }

    /// A family of the village of which nothing was told so far. Those that wait for a place stand last in their village's
    /// file, those that are visited first.
    fn somebody(&mut self, village: &str) -> Result<Vec<Known>> {
        let here = self.homes.get_mut(village).context("a village")?;
        ensure!(!here.is_empty(), "{village} has nobody left");
        Ok(here.remove(here.len() / 2))
    }

    fn next(&mut self) -> (String, u64) {
        self.seq += 1;
        (format!("demo-{}", self.seq), self.seq)
    }

    fn death(&mut self, demo: &Demo, village: &str, of_head: bool) -> Result<Value> {
        let home = self.somebody(village)?;
        let who = home.iter().find(|one| one.head == of_head);
        let (id, seq) = self.next();
        let nik = &who.context("such a person")?.nik;
        Ok(event(&id, "MENINGGAL", nik, &yesterday(demo), seq))
    }

    fn removal(&mut self, demo: &Demo, village: &str, to: &str) -> Result<Value> {
        let home = self.somebody(village)?;
        let (id, seq) = self.next();
        let nik = &home.iter().find(|one| one.head).context("a head")?.nik;
        Ok(moves(&id, nik, &yesterday(demo), seq, to))
    }

    /// The first daily file: two deaths, one of them of who receives for a family; a family that moves within the city; and
    /// somebody whom nobody here knows.
    ///
    /// # Errors
    /// When the server refuses, or does not finish within a minute.
    pub async fn first_day(&mut self, demo: &Demo, cast: &Cast) -> Result<()> {
        let [_, second, third, fourth] = VILLAGES;
        let (id, seq) = self.next();
        let stranger = event(&id, "MENINGGAL", "3571010101500001", &yesterday(demo), seq);
        let events = vec![
            stranger,
            self.death(demo, second, true)?,
            self.death(demo, second, false)?,
            self.removal(demo, third, fourth)?,
        ];
        let receipt = self.send(demo, cast, &events).await?;
        ensure!(
            receipt.state.known() == Some(BatchState::Taken),
            "the first daily file is parked: {:?}",
            receipt.trips
        );
        for _ in 0..60 {
            let waiting = "SELECT COUNT(*) FROM civil_event WHERE state = 'received'";
            if demo.app.store.count(waiting).await? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        anyhow::bail!("the events of the first day were not dealt with within a minute")
    }

    /// Another file, while somebody watches: a death or a move in one of the villages. Whether it is parked: after a while
    /// so much has happened to one village in a day that each further file of it waits for a person.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn another_day(&mut self, demo: &Demo, cast: &Cast) -> Result<bool> {
        if self.seq >= MOST_TOLD {
            return Ok(false);
        }
        let n = usize::try_from(self.seq)?;
        let at = |n: usize| VILLAGES[n % VILLAGES.len()];
        let one = if n % 3 == 0 {
            self.removal(demo, at(n), at(n + 1))?
        } else {
            self.death(demo, at(n), n % 2 == 0)?
        };
        let receipt = self.send(demo, cast, &[one]).await?;
        Ok(receipt.state.known() == Some(BatchState::Parked))
    }

    async fn send(&self, demo: &Demo, cast: &Cast, events: &[Value]) -> Result<BatchReceipt> {
        let nonce = format!("demo-registry-{:06}", self.seq);
        let file = self.signer.file(demo.app.store.now(), &nonce, events);
        let path = "/v1/population/files";
        let sent = cast
            .feed
            .bring(path, "application/octet-stream", &file)
            .await?;
        sent.ok()?.read()
    }
}

fn yesterday(demo: &Demo) -> String {
    let then = demo.app.store.now().plus_s(-86_400).to_string();
    then.chars().take(10).collect()
}

impl Demo {
    /// Every family whose place ended objects at the counter; the first appeal is examined and waits for the approver, the
    /// others for a verifier.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn appeals(&self, cast: &Cast) -> Result<()> {
        let mut examined = false;
        for village in &cast.villages {
            let by = &village.operator;
            let page = by.get("/v1/memberships?state=inactive&limit=10").await;
            let ended: Page<MembershipRow> = page.ok()?.read()?;
            for place in ended.items {
                let body = json!({
                    "event_id": by.event(), "membership": place.id, "came": "Nama Contoh", "appellant": "family",
                    "grounds": "Kami masih tinggal di rumah itu dan penghasilan kami tidak berubah.",
                });
                let filed: AppealView = by.post("/v1/appeals", &body).await.ok()?.read()?;
                if !std::mem::replace(&mut examined, true) {
                    let by = &cast.verifier;
                    let body = json!({
                        "event_id": by.event(), "seen_version": filed.version, "outcome": "dismissed",
                        "reason": "ALASAN_TERBUKTI", "words": "Foto dan data desil menunjukkan keluarga ini mampu.",
                    });
                    let path = format!("/v1/appeals/{}/examine", filed.appeal.id);
                    by.post(&path, &body).await.ok()?;
                }
            }
        }
        Ok(())
    }

    /// A neighbour of the first village objects at its counter.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn objections(&self, cast: &Cast) -> Result<()> {
        let village = cast.villages.first().context("a village")?;
        let by = &village.operator;
        let body = json!({ "event_id": by.event(), "content": {
            "kind": "recipient", "region": village.region,
            "about": { "name": "Sutrisno", "address": "Jalan Mawar nomor 4, RT 02 RW 03" },
            "objector": { "name": "Sumarni", "nik": "3571034412700001", "address": "Jalan Mawar nomor 6" },
            "grounds": "Rumahnya bertingkat dan keluarga itu punya dua mobil.", "photos": [],
        } });
        by.post("/v1/objections", &body).await.ok()?;
        Ok(())
    }

    /// A period in progress: what came too late for one window is taken once more, today, and the month's report adds up.
    ///
    /// # Errors
    /// When the server refuses, or a sum is another than its parts.
    pub async fn period(&self, cast: &Cast) -> Result<()> {
        let by = &cast.approver;
        let windows: Page<WindowView> = by.get("/v1/windows").await.ok()?.read()?;
        // Of the windows that come with Tilik some are closed on each day.
        let shut = windows
            .items
            .iter()
            .find(|one| matches!(one.standing, Some(Standing::Closed { .. })))
            .context("a window that has closed")?;
        let village = cast.villages.first().context("a village")?;
        let offset = village.region.utc_offset_min();
        let today = self.app.store.now().plus_s(offset * 60).to_string();
        let body = json!({
            "event_id": by.event(), "last_day": today.get(..10), "document_number": "ND/1/DEMO",
        });
        let path = format!("/v1/windows/{}/reopen", shut.id);
        by.post(&path, &body).await.ok()?;
        let report = by.get("/v1/reports/monthly").await.ok()?;
        let report: MonthlyReport = report.read()?;
        ensure!(report.adds_up(), "the month's report does not add up");
        ensure!(report.places.end > 0, "nobody has a place");
        Ok(())
    }
}
