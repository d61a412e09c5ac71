//! In which of its houses a family lived when: evidence of one house says nothing of another.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use tilik_protocol::population::MoveState;
use uuid::Uuid;

use crate::error::Result;
use crate::store::Acting;
use crate::store::review::captured;
use crate::store::tables::{family, family_move, visit};

/// A move of a family, as far as that says where it lived.
#[derive(Debug, Clone, PartialEq, Eq, sea_orm::FromQueryResult)]
pub(in crate::store) struct Stay {
    family_id: Uuid,
    from_house: Uuid,
    to_house: Uuid,
    state: String,
    moved_at: i64,
    answered_at: Option<i64>,
}

/// Asks for the moves of these families.
pub(in crate::store) fn moves_of(
    families: impl IntoIterator<Item = Uuid>,
) -> Select<family_move::Entity> {
    family_move::Entity::find()
        .select_only()
        .columns([
            family_move::Column::FamilyId,
            family_move::Column::FromHouse,
            family_move::Column::ToHouse,
            family_move::Column::State,
            family_move::Column::MovedAt,
            family_move::Column::AnsweredAt,
        ])
        .filter(family_move::Column::FamilyId.is_in(families))
}

/// Where families lived when, by their moves.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Stays(pub(in crate::store) Vec<Stay>);

impl Stays {
    /// Of these families.
    pub(in crate::store) async fn of(
        on: &impl ConnectionTrait,
        families: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self> {
        Ok(Self(moves_of(families).into_model().all(on).await?))
    }

    /// Whether what was captured of this family at `at`, in microseconds, shows another house than this one: it came here
    /// later, or was away until the other village sent it back.
    pub(in crate::store) fn elsewhere(&self, family: Uuid, house: Uuid, at: i64) -> bool {
        self.0.iter().any(|stay| {
            let came_later = stay.to_house == house && at < stay.moved_at;
            let was_away = stay.from_house == house
                && stay.state == MoveState::SentBack.to_string()
                && stay.moved_at <= at
                && stay.answered_at.is_some_and(|back| at < back);
            stay.family_id == family && (came_later || was_away)
        })
    }
}

impl Acting {
    /// Of these visits, each after the family that it shows, those that show a house which that family moved away from.
    pub(in crate::store) async fn of_former_houses(
        &self,
        visits: &[(Uuid, Uuid)],
    ) -> Result<HashSet<Uuid>> {
        let on = self.store.read();
        let families = visits.iter().map(|(family, _)| *family);
        let stays = Stays::of(on, families.clone()).await?;
        // Most families never moved.
        if stays.0.is_empty() {
            return Ok(HashSet::new());
        }
        let homes: HashMap<Uuid, Uuid> = family::Entity::find()
            .select_only()
            .columns([family::Column::Id, family::Column::HouseId])
            .filter(family::Column::Id.is_in(families))
            .into_tuple::<(Uuid, Uuid)>()
            .all(on)
            .await?
            .into_iter()
            .collect();
        let shown = visits.iter().map(|(_, visit)| *visit);
        let taken: HashMap<Uuid, i64> = visit::Entity::find()
            .select_only()
            .columns([
                visit::Column::Id,
                visit::Column::CapturedAt,
                visit::Column::ReceivedAt,
            ])
            .filter(visit::Column::Id.is_in(shown))
            .into_tuple::<(Uuid, i64, i64)>()
            .all(on)
            .await?
            .into_iter()
            .map(|(id, captured_at, received_at)| (id, captured(captured_at, received_at)))
            .collect();
        let former = visits.iter().filter(|(family, visit)| {
            let known = homes.get(family).zip(taken.get(visit));
            known.is_some_and(|(house, at)| stays.elsewhere(*family, *house, *at))
        });
        Ok(former.map(|(_, visit)| *visit).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_that_was_sent_back_was_elsewhere_only_in_between() {
        let [family, old, new] = [1, 2, 3].map(Uuid::from_u128);
        let stay = |state: MoveState| Stay {
            family_id: family,
            from_house: old,
            to_house: new,
            state: state.to_string(),
            moved_at: 10,
            answered_at: Some(20),
        };
        let stays = Stays(vec![stay(MoveState::SentBack)]);
        let at_old = |at| !stays.elsewhere(family, old, at);
        assert_eq!([9, 10, 19, 20].map(at_old), [true, false, false, true]);
        assert!(stays.elsewhere(family, new, 9) && !stays.elsewhere(family, new, 10));
        // Another family of the same house did not move.
        assert!(!stays.elsewhere(Uuid::from_u128(4), old, 15));
        let stays = Stays(vec![stay(MoveState::Received)]);
        assert!(!stays.elsewhere(family, old, 15));
    }
}
