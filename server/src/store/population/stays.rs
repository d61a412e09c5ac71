//! In which of its houses a family lived when: evidence of one house says nothing of another.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use tilik_protocol::population::MoveState;
use uuid::Uuid;

use crate::error::Result;
use crate::store::tables::family_move;

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
