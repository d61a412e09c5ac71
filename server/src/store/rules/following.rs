//! Recorded facts go with whom they are about when a family is split, or two become one. Nothing of them changes but whose
//! they are: an appeal goes along, and so does who may decide it.

use std::collections::BTreeSet;

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use tilik_protocol::ids::{FactId, FamilyId, PersonId};
use tilik_protocol::policy::Role;
use uuid::Uuid;

use super::super::Write;
use super::super::journal::Entry;
use super::super::tables::eligibility_fact;
use super::evaluating::family_changes_at;
use crate::error::Result;

/// Whose facts are somebody else's from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactMove {
    /// A person's, who is in another family, or is the same as somebody there.
    Person {
        /// Who, and where they were.
        from: (Uuid, Uuid),
        /// Who they are, and where.
        to: (Uuid, Uuid),
    },
    /// A whole family's, which is another now.
    Family {
        /// The one that is closed.
        from: Uuid,
        /// The one that is kept.
        to: Uuid,
    },
    /// A family that some members left: what was recorded of it as a whole stays with it.
    Split {
        /// The one they left.
        from: Uuid,
        /// Theirs.
        to: Uuid,
    },
}

impl FactMove {
    const fn whence(&self) -> Uuid {
        match self {
            Self::Person { from, .. } => from.1,
            Self::Family { from, .. } | Self::Split { from, .. } => *from,
        }
    }

    /// The family and the person that a fact is of from now on; `None`: this says nothing of it.
    fn of(&self, fact: &eligibility_fact::Model) -> Option<(Uuid, Option<Uuid>)> {
        match self {
            Self::Person { from, to } => (fact.family_id == from.1
                && fact.person_id == Some(from.0))
            .then_some((to.1, Some(to.0))),
            Self::Family { from, to } => {
                (fact.family_id == *from && fact.person_id.is_none()).then_some((*to, None))
            }
            Self::Split { .. } => None,
        }
    }
}

/// Moves the facts, in the transaction that moves those they are about. The journal has each, and what stayed behind.
pub(crate) async fn facts_follow(write: &mut Write, moves: &[FactMove]) -> Result<()> {
    let families: BTreeSet<Uuid> = moves.iter().map(FactMove::whence).collect();
    if families.is_empty() {
        return Ok(());
    }
    let facts = eligibility_fact::Entity::find()
        .filter(eligibility_fact::Column::FamilyId.is_in(families))
        .all(write.on())
        .await?;
    let now = write.at().as_micros();
    for one in moves {
        if let FactMove::Split { from, to } = one {
            let stays = |fact: &&eligibility_fact::Model| {
                fact.family_id == *from
                    && fact.person_id.is_none()
                    && fact.valid_until.is_none_or(|until| until > now)
            };
            let stayed: Vec<FactId> = facts
                .iter()
                .filter(stays)
                .map(|row| FactId(row.id))
                .collect();
            if !stayed.is_empty() {
                for family in [from, to] {
                    write.journal(Entry::new(
                        "fact.stay",
                        format!("family:{}", FamilyId(*family)),
                        Role::System,
                        None,
                        &serde_json::json!({ "facts": stayed, "with": FamilyId(*from),
                            "split_off": FamilyId(*to) }),
                    )?);
                }
            }
        }
    }
    for fact in facts {
        let Some((family, person)) = moves.iter().find_map(|one| one.of(&fact)) else {
            continue;
        };
        let (id, from) = (fact.id, fact.family_id);
        for turn in [Some(fact.valid_from), fact.valid_until] {
            if let Some(turn) = turn.filter(|turn| *turn > now) {
                family_changes_at(write, family, id, turn).await?;
            }
        }
        let mut row = fact;
        row.version += 1;
        row.family_id = family;
        row.person_id = person;
        let mut active = row.into_active_model().reset_all();
        active.id = Set(id);
        active.update(write.on()).await?;
        write.journal(Entry::new(
            "fact.move",
            format!("family:{}", FamilyId(family)),
            Role::System,
            None,
            &serde_json::json!({ "fact": FactId(id), "from": FamilyId(from),
                "to": FamilyId(family), "person": person.map(PersonId) }),
        )?);
    }
    Ok(())
}
