//! What the first village proposes: one family on each step of the way, and a deliberation.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tilik_protocol::lookup::FamilyPage;

use super::{Cast, Desks};
use crate::proposals::in_each_state;

impl Desks {
    /// Eight families of the first village are proposed for another payee, each a step further than the one before. No
    /// days are set for that, so it goes whatever day it is.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn propose(&mut self, cast: &Cast) -> Result<()> {
        let village = cast.villages.first().context("a village")?;
        let mut contents: Vec<Value> = Vec::new();
        for family in self.next_families(village, 8).await? {
            let page = village
                .operator
                .get(&format!("/v1/families/{family}"))
                .await;
            let page: FamilyPage = page.ok()?.read()?;
            let person = page.family.persons.last().context("a member")?.id;
            contents.push(json!({ "kind": "payee_change", "family": family, "person": person }));
        }
        let people = (&village.operator, &cast.verifier, &cast.approver);
        in_each_state(people, &contents).await?;
        Ok(())
    }
}
