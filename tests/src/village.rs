//! A small registry: two villages of Kota Kediri, two programs, families with slots, and a frozen waitlist.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tilik_protocol::ids::{FamilyId, HouseId, MembershipId, PersonId};
use tilik_protocol::region::RegionCode;
use tilik_server::store::testing::{PlantFamily, PlantPerson};

use crate::world::World;

/// The program every family of the village is in.
pub const SEMBAKO: &str = "SEMBAKO";
/// The program every third family is in as well.
pub const PKH: &str = "PKH";

/// Kota Kediri.
#[expect(clippy::expect_used, reason = "a constant of ours")]
pub fn city() -> RegionCode {
    "35.71".parse().expect("a code")
}

/// The village where everything happens.
#[expect(clippy::expect_used, reason = "a constant of ours")]
pub fn here() -> RegionCode {
    "35.71.03.1009".parse().expect("a code")
}

/// Another village of the city.
#[expect(clippy::expect_used, reason = "a constant of ours")]
pub fn elsewhere() -> RegionCode {
    "35.71.01.1002".parse().expect("a code")
}

/// Latitude and longitude of the middle of [`here`], in degrees × 10⁷.
pub const DOOR: (i64, i64) = (-78_200_000, 1_120_150_000);

/// A family in the registry.
#[derive(Debug, Clone)]
pub struct Home {
    /// The family.
    pub family: FamilyId,
    /// Where it lives.
    pub house: HouseId,
    /// The head's name.
    pub name: String,
    /// Its KK number.
    pub kk: String,
    /// The head's NIK.
    pub nik: String,
    /// Its persons.
    pub persons: Vec<PersonId>,
    /// Its memberships by program.
    pub memberships: BTreeMap<String, MembershipId>,
}

/// The registry.
#[derive(Debug, Clone)]
pub struct Village {
    /// Families of [`here`], each in SEMBAKO, every third in PKH too.
    pub homes: Vec<Home>,
    /// Families of [`elsewhere`].
    pub far_homes: Vec<Home>,
    /// Families of [`here`] without a slot, in the order of the frozen SEMBAKO waitlist.
    pub waiting: Vec<Home>,
}

impl World {
    /// Puts the registry in place: `homes` families here, one far away for every three, `waiting` on the list.
    ///
    /// # Errors
    /// What the database says.
    pub async fn village(&self, homes: usize, waiting: usize) -> Result<Village> {
        let store = self.app()?.store;
        let square = |(lat, lon): (i64, i64)| {
            let (south, west, north, east) =
                (lat - 100_000, lon - 100_000, lat + 100_000, lon + 100_000);
            let ring = [
                (west, south),
                (east, south),
                (east, north),
                (west, north),
                (west, south),
            ]
            .map(|(x, y)| format!("[{},{}]", degrees(x), degrees(y)))
            .join(",");
            let geometry = format!(r#"{{"type":"Polygon","coordinates":[[{ring}]]}}"#);
            (geometry, [south, west, north, east])
        };
        for (code, name) in [
            ("35", "JAWA TIMUR"),
            ("35.71", "KOTA KEDIRI"),
            ("35.71.01", "MOJOROTO"),
            ("35.71.03", "PESANTREN"),
        ] {
            store
                .plant_region(&code.parse().context("a code")?, name, None)
                .await?;
        }
        let (geometry, bounds) = square(DOOR);
        store
            .plant_region(&here(), "BETET", Some((&geometry, bounds)))
            .await?;
        store.plant_region(&elsewhere(), "POJOK", None).await?;
        store.plant_program(SEMBAKO, "Bantuan Sembako").await?;
        store.plant_program(PKH, "Program Keluarga Harapan").await?;
        let mut number = 0;
        let homes = self
            .plant(&mut number, homes, &here(), |n| {
                if n % 3 == 0 {
                    vec![SEMBAKO, PKH]
                } else {
                    vec![SEMBAKO]
                }
            })
            .await?;
        let far_homes = self
            .plant(&mut number, homes.len().div_ceil(3), &elsewhere(), |_| {
                vec![SEMBAKO]
            })
            .await?;
        let waiting = self
            .plant(&mut number, waiting, &here(), |_| Vec::new())
            .await?;
        let line: Vec<FamilyId> = waiting.iter().map(|home| home.family).collect();
        store.plant_waitlist(SEMBAKO, &here(), &line).await?;
        Ok(Village {
            homes,
            far_homes,
            waiting,
        })
    }

    async fn plant(
        &self,
        number: &mut u64,
        count: usize,
        region: &RegionCode,
        programs: impl Fn(usize) -> Vec<&'static str>,
    ) -> Result<Vec<Home>> {
        let mut wanted = Vec::new();
        for n in 0..count {
            *number += 1;
            let name = format!("KELUARGA UJI {number}");
            wanted.push(PlantFamily {
                region: region.clone(),
                address: format!("JL MELATI NO {number}"),
                rt: "001".to_owned(),
                rw: "002".to_owned(),
                kk: Some(format!("357103{:010}", 2_000_000 + *number)),
                persons: vec![PlantPerson {
                    name: name.clone(),
                    nik: Some(format!("357103{:010}", 1_000_000 + *number)),
                    relation: "kepala_keluarga".to_owned(),
                }],
                programs: programs(n).into_iter().map(str::to_owned).collect(),
                name,
            });
        }
        let planted = self.app()?.store.plant_families(&wanted).await?;
        Ok(wanted
            .into_iter()
            .zip(planted)
            .map(|(wanted, planted)| Home {
                family: planted.family,
                house: planted.house,
                name: wanted.name,
                kk: wanted.kk.unwrap_or_default(),
                nik: wanted
                    .persons
                    .into_iter()
                    .find_map(|person| person.nik)
                    .unwrap_or_default(),
                persons: planted.persons,
                memberships: planted.memberships,
            })
            .collect())
    }
}

/// Degrees × 10⁷ as a decimal number.
fn degrees(e7: i64) -> String {
    let sign = if e7 < 0 { "-" } else { "" };
    let e7 = e7.abs();
    format!("{sign}{}.{:07}", e7 / 10_000_000, e7 % 10_000_000)
}
