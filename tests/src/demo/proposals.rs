//! What the first village proposes: one family on each step of the way, and a deliberation.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tilik_protocol::lookup::FamilyPage;

use super::{Cast, Desks};
use crate::proposals::{in_each_state, went_another_way};

impl Desks {
    /// Eleven families of the first village, one proposal in each state there is. No days are set for another payee and for
    /// another village, so it goes whatever day it is.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn propose(&mut self, cast: &Cast) -> Result<()> {
        let village = cast.villages.first().context("a village")?;
        let mut contents: Vec<Value> = Vec::new();
        for family in self.next_families(village, 11).await? {
            let page = village
                .operator
                .get(&format!("/v1/families/{family}"))
                .await;
            let page: FamilyPage = page.ok()?.read()?;
            let person = page.family.persons.last().context("a member")?.id;
            contents.push(json!({ "kind": "payee_change", "family": family, "person": person }));
        }
        let people = (&village.operator, &cast.verifier, &cast.approver);
        let (on_the_way, last) = contents.split_at_checked(8).context("eleven families")?;
        in_each_state(people, on_the_way).await?;
        let to = cast.villages.get(1).context("another village")?;
        let leaves =
            json!({ "kind": "relocation", "family": last[2]["family"], "to_region": to.region });
        went_another_way(people, [&last[0], &last[1], &leaves]).await
    }
}
