//! The invented families of a round: houses, persons, places, a list of those who wait, and the village they live in.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Set};
use sha2::{Digest, Sha256};
use tilik_protocol::ids::{FamilyId, HouseId, MembershipId, PersonId, WaitlistId};
use tilik_protocol::membership::MembershipState;
use tilik_protocol::training::TRAINING_PROGRAM;
use uuid::Uuid;

use super::{HOLDING, VILLAGE, WAITING, code};
use crate::error::{Error, Result};
use crate::keys::Purpose;
use crate::store::slots::{self, Membership};
use crate::store::tables::{
    blind_index, boundary, family, house, person, waitlist, waitlist_entry,
};
use crate::store::users::keep_version;
use crate::store::{Write, feed};

/// What invented families are called: each says what it is wherever it is shown, also on a phone and on paper.
const FLOWERS: [&str; HOLDING + WAITING] = [
    "ANGGREK",
    "MELATI",
    "MAWAR",
    "KENANGA",
    "CEMPAKA",
    "DAHLIA",
    "FLAMBOYAN",
    "KAMBOJA",
    "SEROJA",
    "TERATAI",
    "TANJUNG",
    "KEMUNING",
    "BAKUNG",
];
/// Between two invented doors, degrees × 10⁷: some thirty metres.
const APART_E7: i64 = 2_700;
/// South, west, north, east of all real places that have a boundary.
async fn ground(write: &Write) -> Result<Option<[i64; 4]>> {
    let row = boundary::Entity::find()
        .select_only()
        .column_as(boundary::Column::SouthE7.min(), "south")
        .column_as(boundary::Column::WestE7.min(), "west")
        .column_as(boundary::Column::NorthE7.max(), "north")
        .column_as(boundary::Column::EastE7.max(), "east")
        .filter(boundary::Column::Region.gte("01"))
        .into_tuple::<(Option<i64>, Option<i64>, Option<i64>, Option<i64>)>()
        .one(write.on())
        .await?;
    Ok(row.and_then(|(south, west, north, east)| Some([south?, west?, north?, east?])))
}

/// The training village lies over all real ones, so that a trainee is inside it wherever the training is.
async fn outline(write: &mut Write) -> Result<Option<(i64, i64)>> {
    let Some([south, west, north, east]) = ground(write).await? else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "degrees × 10⁷ are below 2⁵³ by far"
    )]
    let corner = |lon: i64, lat: i64| serde_json::json!([lon as f64 / 1e7, lat as f64 / 1e7]);
    let geometry = serde_json::json!({ "type": "Polygon", "coordinates": [[
        corner(west, south), corner(east, south), corner(east, north), corner(west, north), corner(west, south),
    ]] });
    let row = boundary::ActiveModel {
        region: Set(VILLAGE.to_owned()),
        geometry: Set(geometry.to_string()),
        south_e7: Set(south),
        west_e7: Set(west),
        north_e7: Set(north),
        east_e7: Set(east),
        recorded_at: Set(write.at().as_micros()),
    };
    let anew = OnConflict::column(boundary::Column::Region)
        .update_columns([
            boundary::Column::Geometry,
            boundary::Column::SouthE7,
            boundary::Column::WestE7,
            boundary::Column::NorthE7,
            boundary::Column::EastE7,
            boundary::Column::RecordedAt,
        ])
        .to_owned();
    boundary::Entity::insert(row)
        .on_conflict(anew)
        .exec_without_returning(write.on())
        .await?;
    let village = code(VILLAGE)?;
    feed::publish_boundary(write, &village, &geometry.to_string()).await?;
    Ok(Some((south.midpoint(north), west.midpoint(east))))
}

/// Keeps a version of an invented family.
pub(super) async fn keep_family(write: &Write, row: &family::Model) -> Result<()> {
    let body = serde_json::json!({
        "house": row.house_id, "region": row.region, "name": row.name, "address": row.address,
        "rt": row.rt, "rw": row.rw, "decile": row.decile, "regime": row.regime, "invented": true,
    });
    keep_version(write, "family", row.id, row.version, row.valid_from, &body).await
}

/// The families of a round, with persons, places and a list of those who wait.
pub(super) async fn invent(write: &mut Write, round: u64) -> Result<Vec<family::Model>> {
    let middle = outline(write).await?;
    let mut homes = Vec::new();
    let mut members: Vec<Membership> = Vec::new();
    for (n, flower) in FLOWERS.into_iter().enumerate() {
        let home = invent_family(write, round, n, flower, middle).await?;
        if n < HOLDING {
            let id: MembershipId = write.store().ids().next();
            let at = write.at().as_micros();
            members.push(Membership {
                id: id.into(),
                version: 1,
                program: TRAINING_PROGRAM.to_owned(),
                family_id: home.id,
                person_id: None,
                region: home.region.clone(),
                state: MembershipState::Active.to_string(),
                reason: None,
                slot_id: None,
                successor_of: None,
                appeal_until: None,
                eligible_at: None,
                central_status: None,
                valid_from: at,
                recorded_at: at,
            });
        }
        homes.push(home);
    }
    slots::next_training_round(write, TRAINING_PROGRAM, &code(VILLAGE)?, members).await?;
    let waiting: Vec<Uuid> = homes.iter().skip(HOLDING).map(|home| home.id).collect();
    invent_waitlist(write, &waiting).await?;
    Ok(homes)
}

/// A number of sixteen digits that cannot be anybody's: its province is none.
fn number(month: u8, day: usize, round: u64) -> String {
    format!("000101{day:02}{month:02}70{:04}", round % 10_000)
}

async fn invent_family(
    write: &Write,
    round: u64,
    n: usize,
    flower: &str,
    middle: Option<(i64, i64)>,
) -> Result<family::Model> {
    let store = write.store().clone();
    let (keys, at) = (store.keys(), write.at().as_micros());
    let (family_id, house_id): (FamilyId, HouseId) = (store.ids().next(), store.ids().next());
    let id = Uuid::from(family_id);
    let step = |n: usize| i64::try_from(n).unwrap_or_default() * APART_E7;
    let place = middle.map(|(lat, lon)| (lat + step(n / 4), lon + step(n % 4)));
    house::ActiveModel {
        id: Set(house_id.into()),
        region: Set(VILLAGE.to_owned()),
        lat_e7: Set(None),
        lon_e7: Set(None),
        accuracy_cm: Set(None),
        pinned_at: Set(None),
        pin_visit: Set(None),
        registry_lat_e7: Set(place.map(|(lat, _)| lat)),
        registry_lon_e7: Set(place.map(|(_, lon)| lon)),
    }
    .insert(write.on())
    .await?;
    let kk = number(2, n + 1, round);
    let name = format!("LATIHAN {flower}");
    let row = family::Model {
        id,
        version: 1,
        registry_key: None,
        house_id: house_id.into(),
        region: VILLAGE.to_owned(),
        kk_enc: Some(keys.encrypt_field("family", "kk", id, &kk)),
        name: name.clone(),
        name_key: name.to_lowercase(),
        address: format!("JL LATIHAN NO {}", n + 1),
        rt: "001".to_owned(),
        rw: "001".to_owned(),
        decile: Some(i32::try_from(n % 4 + 1).unwrap_or(1)),
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
    family::ActiveModel::from(row.clone())
        .reset_all()
        .insert(write.on())
        .await?;
    keep_family(write, &row).await?;
    remember(write, "kk", keys.blind_kk(&kk).to_vec(), id).await?;
    let relations = [
        ("kepala_keluarga", name),
        ("pasangan", format!("LATIHAN {flower} DUA")),
    ];
    for (month, (relation, name)) in (3..).zip(relations) {
        let person_id: PersonId = store.ids().next();
        let person = Uuid::from(person_id);
        let nik = number(month, n + 1, round);
        person::ActiveModel {
            id: Set(person),
            version: Set(1),
            family_id: Set(id),
            nik_enc: Set(Some(keys.encrypt_field("person", "nik", person, &nik))),
            name: Set(name.clone()),
            name_key: Set(name.to_lowercase()),
            birth_date_enc: Set(None),
            birth_year: Set(Some(1970)),
            sex: Set(None),
            relation: Set(relation.to_owned()),
            alive: Set(true),
            line_key: Set(None),
            valid_from: Set(at),
            recorded_at: Set(at),
            mother_enc: Set(None),
            merged_into: Set(None),
        }
        .insert(write.on())
        .await?;
        let body = serde_json::json!({ "family": id, "name": name, "relation": relation, "alive": true,
            "invented": true });
        keep_version(write, "person", person, 1, at, &body).await?;
        remember(write, "nik", keys.blind_nik(&nik).to_vec(), person).await?;
    }
    Ok(row)
}

/// Makes a number findable.
async fn remember(write: &Write, kind: &str, value: Vec<u8>, object: Uuid) -> Result<()> {
    let version = write.store().keys().active_version(Purpose::BlindIndex);
    blind_index::ActiveModel {
        kind: Set(kind.to_owned()),
        key_version: Set(i32::try_from(version).map_err(Error::internal)?),
        value: Set(value),
        object_id: Set(object),
    }
    .insert(write.on())
    .await?;
    Ok(())
}

/// A list in force of those who wait, first come first.
async fn invent_waitlist(write: &Write, families: &[Uuid]) -> Result<()> {
    let at = write.at().as_micros();
    let id: WaitlistId = write.store().ids().next();
    let mut hash = Sha256::new().chain_update("tilik training waitlist v1\n");
    for family in families {
        hash.update(format!("{family}\n"));
    }
    waitlist::ActiveModel {
        id: Set(id.into()),
        program: Set(TRAINING_PROGRAM.to_owned()),
        region: Set(VILLAGE.to_owned()),
        hash: Set(hash.finalize().to_vec()),
        imported_by: Set(None),
        imported_at: Set(at),
        frozen_by: Set(None),
        frozen_at: Set(Some(at)),
        superseded_at: Set(None),
    }
    .insert(write.on())
    .await?;
    for (position, family) in (1..).zip(families) {
        waitlist_entry::ActiveModel {
            waitlist_id: Set(id.into()),
            position: Set(position),
            family_id: Set(*family),
            person_id: Set(None),
            facts: Set(serde_json::json!({ "desil": position }).to_string()),
            taken_at: Set(None),
            taken_by: Set(None),
        }
        .insert(write.on())
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invented_number_is_nobodys() {
        for day in 1..=FLOWERS.len() {
            let number = number(3, day, 12_345);
            assert_eq!(number.len(), 16);
            assert!(number.starts_with("00"), "{number}");
        }
    }
}
