//! The officers: phones that capture without signal, and a link that breaks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tilik_protocol::evidence::{PhotoKind, ReturnTarget, VisitKind};
use tilik_protocol::ids::{CaseId, VisitId};
use tilik_protocol::region::RegionCode;
use tokio::task::{JoinSet, spawn_blocking};

use super::doors::Doors;
use super::{Cast, Demo};
use crate::houses::{House, Shot, View};
use crate::phone::{Carrier, FieldPhone, Hands, Http, Sun};

/// One upload in so many breaks off in the middle.
const CUT_EVERY: u64 = 7;
/// How often a phone asks again before the demo gives up on it: a minute and a half of backoff and more.
const PATIENCE: u32 = 600;

/// What an officer photographs, in this order.
const VIEWS: [(PhotoKind, View); 3] = [
    (PhotoKind::HouseFront, View::Front),
    (PhotoKind::HouseInside, View::Inside),
    (PhotoKind::Recipient, View::Owner),
];

/// An officer and the phone.
struct Officer {
    phone: FieldPhone,
    region: RegionCode,
    http: Http,
    doors: Arc<Doors>,
    takes: AtomicU64,
}

/// All officers of the demo.
pub struct Crew {
    officers: Vec<Arc<Officer>>,
}

/// The house of a case; the same one every time anybody goes there.
fn number_of(case: CaseId) -> u64 {
    let id = uuid::Uuid::from(case).as_u128();
    u64::try_from(id & u128::from(u64::MAX)).unwrap_or(0)
}

impl Crew {
    /// Hands every officer a phone, enrolled with a code of the data team.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn equip(demo: &Demo, cast: &Cast) -> Result<Self> {
        let doors = Arc::new(Doors::read()?);
        let mut officers = Vec::new();
        let walks = cast
            .villages
            .iter()
            .map(|village| (&village.officer, &village.region));
        // Invented houses stand anywhere in the city.
        let practice = cast
            .trainees
            .iter()
            .zip(&cast.villages)
            .map(|(trainees, village)| (&trainees.officer, &village.region));
        for (officer, region) in walks.chain(practice) {
            let person = officer.person.clone();
            let http = Http::at(&demo.address).cut_every(CUT_EVERY);
            let hands = Hands::new(&person.username, demo.seed, Sun::Real)?;
            let folder = demo.folder.join("phones").join(&person.username);
            let carrier = Carrier::Http(http.clone());
            let phone = FieldPhone::open(person.clone(), &folder, hands, carrier)?;
            let code = cast.admin.issue_enrolment(person.id).await?;
            phone.join(&code.code).await?;
            officers.push(Arc::new(Officer {
                phone,
                region: region.clone(),
                http,
                doors: doors.clone(),
                takes: AtomicU64::new(0),
            }));
        }
        Ok(Self { officers })
    }

    /// Every officer fetches the roster, visits every case on it that waits for a visit, and sends. Returned cases are
    /// taken again. How many visits were sealed.
    ///
    /// # Errors
    /// What the phones say; when something cannot be sent.
    pub async fn walk(&self) -> Result<usize> {
        let mut walks = JoinSet::new();
        for officer in &self.officers {
            walks.spawn(officer.clone().walk());
        }
        let mut sealed = 0;
        while let Some(walk) = walks.join_next().await {
            sealed += walk??;
        }
        Ok(sealed)
    }

    /// The visits that lie sealed on the phones, with how many photos of each.
    ///
    /// # Errors
    /// What the phones say.
    pub fn sealed(&self) -> Result<BTreeMap<VisitId, u32>> {
        let mut all = BTreeMap::new();
        for officer in &self.officers {
            for visit in officer.phone.outbox()? {
                all.insert(visit.visit, visit.photos_total);
            }
        }
        Ok(all)
    }

    /// How many uploads broke off.
    pub fn cut(&self) -> u64 {
        self.officers.iter().map(|officer| officer.http.cut()).sum()
    }
}

impl Officer {
    async fn walk(self: Arc<Self>) -> Result<usize> {
        self.phone.pump().await?;
        let mut sealed = 0;
        let waiting = |view: &tilik_mobile_core::AssignmentView| {
            view.returned.is_some() || view.sealed.is_none()
        };
        for view in self.phone.assignments()?.into_iter().filter(waiting) {
            let me = self.clone();
            // Drawing and sealing keep a core busy for a second; the server shares this runtime.
            spawn_blocking(move || me.visit(&view))
                .await?
                .with_context(|| format!("{} at a house", self.phone.person.username))?;
            sealed += 1;
        }
        self.send().await?;
        Ok(sealed)
    }

    /// Sends until nothing is owed, however often the link breaks.
    async fn send(&self) -> Result<()> {
        for _ in 0..PATIENCE {
            self.phone.pump().await?;
            if !self.phone.owes()? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        bail!(
            "{} cannot send: {:?}",
            self.phone.person.username,
            self.phone.status()?
        )
    }

    fn visit(&self, view: &tilik_mobile_core::AssignmentView) -> Result<VisitId> {
        let phone = &self.phone;
        let house = House::number(number_of(view.case));
        let visit = phone.begin(Some(view.case), view.kind, None)?;
        phone.app()?.notice_read(visit)?;
        let again: Vec<_> = view
            .returned
            .iter()
            .flat_map(|returned| &returned.reasons)
            .filter_map(|reason| match reason.target {
                ReturnTarget::Photo { photo } => Some(photo),
                ReturnTarget::Pin | ReturnTarget::Answer { .. } | ReturnTarget::Visit => None,
            })
            .collect();
        let before = match &view.returned {
            Some(returned) => phone.sealed(returned.visit)?.photos,
            None => Vec::new(),
        };
        for (n, (kind, shown)) in VIEWS.into_iter().enumerate() {
            match before.get(n) {
                Some(kept) if !again.contains(&kept.photo) => {
                    phone.app()?.keep_photo(visit, kept.photo)?;
                }
                Some(_) | None => {
                    let shot = Shot {
                        house: house.clone(),
                        view: shown,
                        take: self.takes.fetch_add(1, Ordering::SeqCst),
                    };
                    phone.photograph(visit, kind, &shot.take()?.jpeg)?;
                }
            }
        }
        phone.pin(visit, self.doors.of(&self.region, number_of(view.case))?)?;
        if view.kind == VisitKind::Full {
            phone.answer(visit, &house.answers())?;
        }
        let sealed = phone.seal(visit)?;
        ensure!(sealed == visit, "a draft keeps its id when it is sealed");
        Ok(sealed)
    }
}
