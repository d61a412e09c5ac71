//! A fresh database per test: a SQLite file, or a new PostgreSQL database when `TILIK_TEST_DATABASE_URL` names a server.
//! The same suite runs on both; `tests/run` runs it twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, Database, EntityTrait, QueryResult, Set, Statement, Value,
};
use tilik_protocol::ids::{FamilyId, HouseId, MembershipId, PersonId, WaitlistId};
use tilik_protocol::manifest::{Hash32, SignedManifest};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::region::RegionCode;
use tilik_protocol::sync::{SealedVisit, VisitResult, VisitStatus};
use tilik_protocol::waitlist::WaitlistOrder;
use uuid::Uuid;

use super::tables::{
    blind_index, boundary, family, house, membership, person, program, quota, region, waitlist,
    waitlist_entry,
};
use super::{Acting, DatabaseUrl, Store, slots, users};
use crate::actor::Actor;
use crate::clock::{Clock, Ids, SystemClock};
use crate::error::Result;
use crate::keys::{Keyring, Purpose};
use crate::time_token::UploadGrant;

/// A mistake that a test has the server make, to see whether the tests of faults would find it. None of this is in a
/// release: the module is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::VariantArray)]
pub enum Bug {
    /// Every event is new, also one that was here before.
    ForgetsEvents,
    /// A cursor that moves past its page by one row.
    SkipsARow,
    /// A visit is acknowledged first and written with the next one; a restart in between loses it.
    AcknowledgesEarly,
}

/// The mistake of a running server, and what it holds back.
#[derive(Debug, Default)]
pub(super) struct Sabotage {
    bug: Mutex<Option<Bug>>,
    /// Visits that were acknowledged and are not written.
    pub(super) unwritten: Mutex<Vec<(SealedVisit, Actor)>>,
}

/// Where a fresh database is, and its folder if it has one.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub url: DatabaseUrl,
    /// Holds the SQLite file; also room for other files of the test.
    pub folder: tempfile::TempDir,
}

/// A folder for one test: in memory where the machine offers that, for tests wait for the disk a thousand times.
///
/// # Panics
/// When there is no disk: a test cannot go on.
#[expect(clippy::expect_used, reason = "a test without a disk cannot go on")]
pub fn folder() -> tempfile::TempDir {
    let shared = Path::new("/dev/shm");
    // A container's may hold 64 MiB.
    let is_roomy = crate::space::of_folder(shared).is_some_and(|space| space.free_bytes >= 2 << 30);
    let in_memory = (std::env::var_os("TMPDIR").is_none() && is_roomy)
        .then(|| tempfile::tempdir_in(shared).ok())
        .flatten();
    in_memory.unwrap_or_else(|| tempfile::tempdir().expect("a temporary folder"))
}

/// A name that no other test has, in this process or another.
fn a_new_name() -> String {
    let salt = u64::from_be_bytes(Ids::new(Arc::new(SystemClock)).bytes::<8>());
    format!("tilik_{}_{salt:016x}", std::process::id())
}

/// The same server, another database.
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
fn beside(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = base.rsplit_once('/').expect("postgres://host/database");
    if query.is_empty() {
        format!("{host}/{name}")
    } else {
        format!("{host}/{name}?{query}")
    }
}

#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
async fn administer(server: &str, statement: &str) {
    let admin = Database::connect(server)
        .await
        .expect("the test server answers");
    admin
        .execute_unprepared(statement)
        .await
        .expect("the test server allows it");
    admin.close().await.expect("closes");
}

/// Makes an empty database. Not migrated yet.
///
/// # Panics
/// When there is no disk or the named PostgreSQL server does not answer: a test cannot go on.
pub async fn fresh() -> Fresh {
    let folder = folder();
    let url = match std::env::var("TILIK_TEST_DATABASE_URL") {
        Err(_) => DatabaseUrl::Sqlite(PathBuf::from(folder.path()).join("tilik.sqlite")),
        Ok(server) => {
            let name = a_new_name();
            administer(&server, &format!("CREATE DATABASE {name}")).await;
            DatabaseUrl::Postgres(beside(&server, &name))
        }
    };
    Fresh { url, folder }
}

/// A copy of a database that nobody has open.
///
/// # Panics
/// As [`fresh`].
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn copy_of(template: &DatabaseUrl) -> Fresh {
    let folder = folder();
    let url = match template {
        DatabaseUrl::Sqlite(path) => {
            let copy = folder.path().join("tilik.sqlite");
            std::fs::copy(path, &copy).expect("the database is copied");
            DatabaseUrl::Sqlite(copy)
        }
        DatabaseUrl::Postgres(url) => {
            let name = a_new_name();
            let (base, _) = url.split_once('?').unwrap_or((url, ""));
            let (_, from) = base.rsplit_once('/').expect("postgres://host/database");
            let server = std::env::var("TILIK_TEST_DATABASE_URL").expect("the test server");
            administer(&server, &format!("CREATE DATABASE {name} TEMPLATE {from}")).await;
            DatabaseUrl::Postgres(beside(&server, &name))
        }
    };
    Fresh { url, folder }
}

/// Takes a database of PostgreSQL away again; a SQLite file goes with its folder.
pub async fn drop_database(url: &DatabaseUrl) {
    if let DatabaseUrl::Postgres(url) = url
        && let Ok(server) = std::env::var("TILIK_TEST_DATABASE_URL")
    {
        let (base, _) = url.split_once('?').unwrap_or((url, ""));
        if let Some((_, name)) = base.rsplit_once('/') {
            administer(
                &server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
    }
}

/// A migrated store on a fresh database.
///
/// # Panics
/// As [`fresh`].
#[expect(clippy::expect_used, reason = "a test without a database cannot go on")]
pub async fn store(clock: Arc<dyn Clock>, keys: Arc<Keyring>, ids: Arc<Ids>) -> (Store, Fresh) {
    let fresh = fresh().await;
    let store = Store::open(&fresh.url, keys, clock, ids)
        .await
        .expect("opens");
    store.hash_cheaply();
    store.migrate().await.expect("migrates");
    (store, fresh)
}

/// A person of a family to be put into the registry.
#[derive(Debug, Clone)]
pub struct PlantPerson {
    /// The name.
    pub name: String,
    /// 16 digits.
    pub nik: Option<String>,
    /// Such as `kepala_keluarga`.
    pub relation: String,
}

/// A family to be put into the registry.
#[derive(Debug, Clone)]
pub struct PlantFamily {
    /// The village.
    pub region: RegionCode,
    /// The head's name.
    pub name: String,
    /// The address.
    pub address: String,
    /// RT and RW.
    pub rt: String,
    /// RW.
    pub rw: String,
    /// 16 digits.
    pub kk: Option<String>,
    /// Its persons.
    pub persons: Vec<PlantPerson>,
    /// The programs in which it holds a slot.
    pub programs: Vec<String>,
}

/// What became of a [`PlantFamily`].
#[derive(Debug, Clone)]
pub struct Planted {
    /// The family.
    pub family: FamilyId,
    /// Its house.
    pub house: HouseId,
    /// Its persons, in order.
    pub persons: Vec<PersonId>,
    /// Its memberships by program, active, each with a slot.
    pub memberships: BTreeMap<String, MembershipId>,
}

impl Acting {
    /// [`Bug::AcknowledgesEarly`]: says that the visit is written and holds it back until the next round.
    pub(super) fn acknowledge_early(&self, sealed: &SealedVisit) -> VisitResult {
        let cose = STANDARD.decode(&sealed.manifest).unwrap_or_default();
        let signed = SignedManifest::parse(&cose).ok();
        let manifest = signed.as_ref().map(SignedManifest::manifest);
        self.held_back().push((sealed.clone(), self.actor.clone()));
        VisitResult {
            visit: manifest.map(|manifest| manifest.visit),
            manifest_sha256: Hash32::of(&cose).to_string(),
            status: VisitStatus::Accepted.into(),
            code: None,
            upload_grant: manifest.map(|manifest| {
                UploadGrant {
                    visit: manifest.visit,
                    device: manifest.device,
                    user: self.actor.user(),
                    until: self.store.now().plus_s(86_400),
                }
                .seal(self.store.keys())
            }),
            wanted: manifest.map_or_else(Vec::new, |manifest| {
                manifest.photos.iter().map(|photo| photo.id).collect()
            }),
        }
    }

    fn held_back(&self) -> MutexGuard<'_, Vec<(SealedVisit, Actor)>> {
        let unwritten = &self.store.sabotaged().unwritten;
        unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what was held back.
    pub(super) async fn write_behind(&self) -> Result<()> {
        let held_back = std::mem::take(&mut *self.held_back());
        for (sealed, actor) in held_back {
            self.store.acting_as(actor).write_visit(&sealed).await?;
        }
        Ok(())
    }
}

/// A table, or all of an embedded database, that somebody else keeps from being written.
pub struct Locked(super::lanes::Transaction);

impl std::fmt::Debug for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Locked(…)")
    }
}

impl Locked {
    /// Lets go.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

/// What a test may do with the rows themselves. The real ways in are the imports and the verbs; a test that looks at
/// what they left, or needs a registry of five families, comes through here.
impl Store {
    /// Passwords that are set from now on cost next to nothing to hash and to check.
    pub fn hash_cheaply(&self) {
        self.inner.hashes_cheaply.store(true, Ordering::Relaxed);
    }

    /// How passwords are hashed where [`Store::hash_cheaply`] was called.
    pub(super) fn cheap_hasher(&self) -> Option<Argon2<'static>> {
        let least = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, 1, None).ok();
        least
            .filter(|_| self.inner.hashes_cheaply.load(Ordering::Relaxed))
            .map(|least| Argon2::new(Algorithm::default(), Version::default(), least))
    }

    /// Has this server make a mistake from now on, or none any more.
    pub fn sabotage(&self, bug: Option<Bug>) {
        *self
            .sabotaged()
            .bug
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = bug;
    }

    /// Whether it makes this mistake.
    pub(super) fn makes(&self, bug: Bug) -> bool {
        *self
            .sabotaged()
            .bug
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            == Some(bug)
    }

    /// The rows of a query with `$1, $2 …` placeholders.
    ///
    /// # Errors
    /// What the database says.
    pub async fn peek(
        &self,
        query: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        let query = Statement::from_sql_and_values(self.backend(), query, values);
        Ok(self.writer().query_all_raw(query).await?)
    }

    /// One statement; how many rows it touched.
    ///
    /// # Errors
    /// What the database says.
    pub async fn poke(
        &self,
        statement: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.backend(), statement, values);
        Ok(self.writer().execute_raw(statement).await?.rows_affected())
    }

    /// Keeps `table` from being written until the lock is ended. SQLite knows one lock for everything.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_locked(&self, table: &str) -> Result<Locked> {
        let transaction = self.inner.connections.begin_apart().await?;
        if self.is_postgres() {
            let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
            transaction.execute_unprepared(&lock).await?;
        }
        Ok(Locked(transaction))
    }

    /// The number in the first column of the first row.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count(&self, query: &str) -> Result<i64> {
        match self.peek(query, []).await?.first() {
            Some(row) => Ok(row.try_get_by_index(0)?),
            None => Ok(0),
        }
    }

    /// Puts regions into the registry; `geometry` is GeoJSON with its box in degrees × 10⁷ (south, west, north, east).
    ///
    /// # Errors
    /// What the database says.
    pub async fn plant_region(
        &self,
        code: &RegionCode,
        name: &str,
        outline: Option<(&str, [i64; 4])>,
    ) -> Result<()> {
        let write = self.begin(&Actor::system("a test's registry")).await?;
        region::ActiveModel {
            code: Set(code.to_string()),
            parent: Set(code.parent().map(|up| up.to_string())),
            name: Set(name.to_owned()),
            level: Set(code.level().to_string()),
        }
        .insert(write.on())
        .await?;
        if let Some((geometry, [south, west, north, east])) = outline {
            boundary::ActiveModel {
                region: Set(code.to_string()),
                geometry: Set(geometry.to_owned()),
                south_e7: Set(south),
                west_e7: Set(west),
                north_e7: Set(north),
                east_e7: Set(east),
                recorded_at: Set(write.at().as_micros()),
            }
            .insert(write.on())
            .await?;
        }
        write.commit().await
    }

    /// Puts a program into the registry.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plant_program(&self, code: &str, name: &str) -> Result<()> {
        let write = self.begin(&Actor::system("a test's registry")).await?;
        program::ActiveModel {
            code: Set(code.to_owned()),
            name: Set(name.to_owned()),
            unit: Set("family".to_owned()),
            decile_max: Set(Some(4)),
            fund: Set("apbn".to_owned()),
            central: Set(true),
            waitlist_order: Set(WaitlistOrder::default().to_string()),
            recorded_at: Set(write.at().as_micros()),
        }
        .insert(write.on())
        .await?;
        write.commit().await
    }

    /// Puts families into the registry, each with an active membership and a held slot per program, and the quotas
    /// that the slots add up to.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plant_families(&self, families: &[PlantFamily]) -> Result<Vec<Planted>> {
        let mut write = self.begin(&Actor::system("a test's registry")).await?;
        let at = write.at().as_micros();
        let version = i32::try_from(self.keys().active_version(Purpose::BlindIndex)).unwrap_or(1);
        let mut planted = Vec::new();
        let mut quotas: BTreeMap<(String, String), i32> = BTreeMap::new();
        for wanted in families {
            let (family_id, house_id): (FamilyId, HouseId) = (self.ids().next(), self.ids().next());
            let id = Uuid::from(family_id);
            house::ActiveModel {
                id: Set(house_id.into()),
                region: Set(wanted.region.to_string()),
                lat_e7: Set(None),
                lon_e7: Set(None),
                accuracy_cm: Set(None),
                pinned_at: Set(None),
                pin_visit: Set(None),
                registry_lat_e7: Set(None),
                registry_lon_e7: Set(None),
            }
            .insert(write.on())
            .await?;
            let row = family::Model {
                id,
                version: 1,
                registry_key: None,
                house_id: house_id.into(),
                region: wanted.region.to_string(),
                kk_enc: wanted
                    .kk
                    .as_deref()
                    .map(|kk| self.keys().encrypt_field("family", "kk", id, kk)),
                name: wanted.name.clone(),
                name_key: wanted.name.to_lowercase(),
                address: wanted.address.clone(),
                rt: wanted.rt.clone(),
                rw: wanted.rw.clone(),
                decile: Some(2),
                regime: "permanent".to_owned(),
                valid_from: at,
                recorded_at: at,
                domicile_address: None,
                domicile_rt: None,
                domicile_rw: None,
                domicile_region: None,
                payee_id: None,
                closed_at: None,
                merged_into: None,
            };
            family::Entity::insert(family::ActiveModel::from(row).reset_all())
                .exec_without_returning(write.on())
                .await?;
            let mut blind = Vec::new();
            if let Some(kk) = &wanted.kk {
                blind.push(("kk", self.keys().blind_kk(kk), id));
            }
            let mut persons = Vec::new();
            for wanted in &wanted.persons {
                let person_id: PersonId = self.ids().next();
                let id = Uuid::from(person_id);
                person::ActiveModel {
                    id: Set(id),
                    version: Set(1),
                    family_id: Set(family_id.into()),
                    nik_enc: Set(wanted
                        .nik
                        .as_deref()
                        .map(|nik| self.keys().encrypt_field("person", "nik", id, nik))),
                    name: Set(wanted.name.clone()),
                    name_key: Set(wanted.name.to_lowercase()),
                    birth_date_enc: Set(None),
                    birth_year: Set(Some(1970)),
                    sex: Set(None),
                    relation: Set(wanted.relation.clone()),
                    alive: Set(true),
                    line_key: Set(None),
                    valid_from: Set(at),
                    recorded_at: Set(at),
                    mother_enc: Set(None),
                    merged_into: Set(None),
                }
                .insert(write.on())
                .await?;
                if let Some(nik) = &wanted.nik {
                    blind.push(("nik", self.keys().blind_nik(nik), id));
                }
                persons.push(person_id);
            }
            for (kind, value, object) in blind {
                blind_index::ActiveModel {
                    kind: Set(kind.to_owned()),
                    key_version: Set(version),
                    value: Set(value.to_vec()),
                    object_id: Set(object),
                }
                .insert(write.on())
                .await?;
            }
            let mut memberships = BTreeMap::new();
            for program in &wanted.programs {
                let id: MembershipId = self.ids().next();
                let slot =
                    slots::create(&mut write, program, wanted.region.as_str(), &[Some(id)]).await?;
                let row = membership::Model {
                    id: id.into(),
                    version: 1,
                    program: program.clone(),
                    family_id: family_id.into(),
                    person_id: None,
                    region: wanted.region.to_string(),
                    state: MembershipState::Active.to_string(),
                    reason: None,
                    slot_id: slot.first().copied().map(Into::into),
                    successor_of: None,
                    appeal_until: None,
                    eligible_at: None,
                    central_status: None,
                    valid_from: at,
                    recorded_at: at,
                };
                membership::Entity::insert(membership::ActiveModel::from(row.clone()).reset_all())
                    .exec_without_returning(write.on())
                    .await?;
                slots::keep_membership(&write, &row).await?;
                *quotas
                    .entry((program.clone(), wanted.region.to_string()))
                    .or_default() += 1;
                memberships.insert(program.clone(), id);
            }
            let body = serde_json::json!({ "planted": true });
            users::keep_version(&write, "family", id, 1, at, &body).await?;
            planted.push(Planted {
                family: family_id,
                house: house_id,
                persons,
                memberships,
            });
        }
        for ((program, region), slots) in quotas {
            let row = quota::ActiveModel {
                program: Set(program),
                region: Set(region),
                slots: Set(slots),
                recorded_at: Set(at),
            };
            let more = OnConflict::columns([quota::Column::Program, quota::Column::Region])
                .value(
                    quota::Column::Slots,
                    Expr::col((quota::Entity, quota::Column::Slots)).add(slots),
                )
                .to_owned();
            quota::Entity::insert(row)
                .on_conflict(more)
                .exec_without_returning(write.on())
                .await?;
        }
        write.commit().await?;
        Ok(planted)
    }

    /// Puts a frozen waitlist into the registry, first in line first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plant_waitlist(
        &self,
        program: &str,
        region: &RegionCode,
        families: &[FamilyId],
    ) -> Result<WaitlistId> {
        let write = self.begin(&Actor::system("a test's registry")).await?;
        let at = write.at().as_micros();
        let id: WaitlistId = self.ids().next();
        waitlist::ActiveModel {
            id: Set(id.into()),
            program: Set(program.to_owned()),
            region: Set(region.to_string()),
            hash: Set(vec![0; 32]),
            imported_by: Set(None),
            imported_at: Set(at),
            frozen_by: Set(None),
            frozen_at: Set(Some(at)),
            superseded_at: Set(None),
        }
        .insert(write.on())
        .await?;
        for (n, family) in families.iter().enumerate() {
            waitlist_entry::ActiveModel {
                waitlist_id: Set(id.into()),
                position: Set(i32::try_from(n + 1).unwrap_or(i32::MAX)),
                family_id: Set((*family).into()),
                person_id: Set(None),
                facts: Set(r#"{"desil":1}"#.to_owned()),
                taken_at: Set(None),
                taken_by: Set(None),
            }
            .insert(write.on())
            .await?;
        }
        write.commit().await?;
        Ok(id)
    }
}
