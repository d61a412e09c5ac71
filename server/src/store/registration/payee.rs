//! Another member receives for a family, as an endorsed proposal says.

use tilik_protocol::family::Relation;
use tilik_protocol::ids::{EventId, FamilyId};
use tilik_protocol::policy::Role;

use super::draft::{Draft, FamilyEdit};
use crate::error::Result;
use crate::store::journal::Entry;
use crate::store::tables::{family, person};
use crate::store::write::Write;

/// `person` receives for the family from now on; nothing when they do already.
///
/// # Errors
/// `stale` when somebody else changed the family meanwhile.
pub(in crate::store) async fn name_payee(
    write: &mut Write,
    before: family::Model,
    person: &person::Model,
    role: Role,
    event: Option<EventId>,
) -> Result<()> {
    let mut after = before.clone();
    // The head receives when nobody is named.
    after.payee_id = Some(person.id).filter(|_| person.relation != Relation::Head.to_string());
    let id = FamilyId(before.id);
    let draft = Draft {
        families: vec![FamilyEdit {
            before: Some(before),
            after,
            kk: None,
            in_known_house: true,
        }],
        ..Draft::default()
    };
    if !draft.changes_something() {
        return Ok(());
    }
    write.journal(Entry::new(
        "family.correct",
        format!("family:{id}"),
        role,
        event,
        &serde_json::json!({ "change": draft.told(), "ticked": [] }),
    )?);
    draft.write(write).await
}
