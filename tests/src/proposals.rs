//! Proposals on every step of their way: for the table of rights, and for whoever looks at the demo.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tilik_protocol::deliberation::{DeliberationView, PaperView};
use tilik_protocol::ids::PaperId;
use tilik_protocol::proposal::ProposalView;

use crate::people::Console;

/// Proposals, each as far as its name says.
#[derive(Debug)]
pub struct Proposed {
    /// A draft.
    pub draft: ProposalView,
    /// Handed in.
    pub submitted: ProposalView,
    /// Matched.
    pub checked: ProposalView,
    /// A deliberation agreed.
    pub deliberated: ProposalView,
    /// Complete.
    pub verified: ProposalView,
    /// Endorsed.
    pub endorsed: ProposalView,
    /// At the centre.
    pub sent: ProposalView,
    /// Not wanted.
    pub rejected: ProposalView,
}

/// A scan that is one by its first and last bytes.
pub const SCAN: &[u8] = b"%PDF-1.4\nberita acara\n%%EOF\n";

/// A meeting that agreed to one name.
pub fn meeting(region: &str, proposal: &ProposalView) -> Value {
    // On the day it was last looked at: never in the future, whichever clock there is.
    let since = proposal.row.since.to_string();
    let day = since.split('T').next();
    json!({
        "region": region, "held_on": day, "place": "Balai kelurahan",
        "attendees": [{ "name": "Sri Wahyuni", "office": "Lurah" }],
        "names": [{ "proposal": proposal.row.id, "said": "agreed" }],
    })
}

/// Brings a scan.
///
/// # Errors
/// When the server is down or refuses it.
pub async fn bring_scan(by: &Console, bytes: &[u8]) -> Result<PaperView> {
    let path = format!("/v1/papers?event_id={}", by.event());
    let answer = by.bring(&path, "application/pdf", bytes).await?;
    answer.ok()?.read()
}

/// One proposal before each act on it, a deliberation that is not signed, and the scan of one that is.
///
/// # Errors
/// When the server refuses any of it.
pub async fn in_each_state(
    (operator, verifier, approver): (&Console, &Console, &Console),
    contents: &[Value],
) -> Result<(Proposed, DeliberationView, PaperId)> {
    anyhow::ensure!(contents.len() == 8, "eight families");
    let mut all = Vec::new();
    for (n, content) in contents.iter().enumerate() {
        let body = json!({ "event_id": operator.event(), "content": content, "submit": n > 0 });
        let made = operator.post("/v1/proposals", &body).await.ok()?;
        all.push(made.read::<ProposalView>()?);
    }
    let say = async |by: &Console, what: &ProposalView, act: &str, verdict: Option<&str>| {
        let mut body = json!({ "event_id": by.event(), "seen_version": what.row.version });
        if let Some(verdict) = verdict {
            body["verdict"] = json!(verdict);
        }
        if verdict == Some("no") {
            body["reason"] = json!("DITOLAK_PUSAT");
        }
        let answer = by
            .post(&format!("/v1/proposals/{}/{act}", what.row.id), &body)
            .await;
        answer.ok()?.read::<ProposalView>()
    };
    for one in &mut all[2..] {
        *one = say(verifier, one, "check", Some("yes")).await?;
    }
    let region = all[0].row.region.clone();
    let mut content = meeting(region.as_str(), &all[3]);
    let names = all[3..]
        .iter()
        .map(|one| json!({ "proposal": one.row.id, "said": "agreed" }));
    content["names"] = names.collect();
    let body = json!({ "event_id": operator.event(), "content": content });
    let held = operator.post("/v1/deliberations", &body).await.ok()?;
    let held: DeliberationView = held.read()?;
    let paper = bring_scan(operator, SCAN).await?.id;
    let body = json!({
        "event_id": operator.event(), "seen_version": held.row.version, "number": "BA/9/2026", "paper": paper,
    });
    let path = format!("/v1/deliberations/{}/sign", held.row.id);
    operator.post(&path, &body).await.ok()?;
    for one in &mut all[3..] {
        let path = format!("/v1/proposals/{}", one.row.id);
        *one = operator.get(&path).await.ok()?.read()?;
    }
    for one in &mut all[4..] {
        *one = say(verifier, one, "verify", Some("yes")).await?;
    }
    for one in &mut all[5..] {
        *one = say(approver, one, "endorse", Some("yes")).await?;
    }
    for one in &mut all[6..] {
        *one = say(operator, one, "send", None).await?;
    }
    all[7] = say(verifier, &all[7], "outcome", Some("no")).await?;
    let body =
        json!({ "event_id": operator.event(), "content": meeting(region.as_str(), &all[2]) });
    let open = operator.post("/v1/deliberations", &body).await.ok()?;
    let mut all = all.into_iter();
    let mut next = || all.next().context("eight proposals");
    let proposed = Proposed {
        draft: next()?,
        submitted: next()?,
        checked: next()?,
        deliberated: next()?,
        verified: next()?,
        endorsed: next()?,
        sent: next()?,
        rejected: next()?,
    };
    Ok((proposed, open.read()?, paper))
}

/// One that goes back to the operator, one that the centre agrees to on somebody's statement, and one that is taken back.
///
/// # Errors
/// When the server refuses any of it.
pub async fn went_another_way(
    (operator, verifier, approver): (&Console, &Console, &Console),
    contents: [&Value; 3],
) -> Result<()> {
    let mut all = Vec::new();
    for content in contents {
        let body = json!({ "event_id": operator.event(), "content": content, "submit": true });
        let made = operator.post("/v1/proposals", &body).await.ok()?;
        all.push(made.read::<ProposalView>()?);
    }
    let say = async |by: &Console, what: &mut ProposalView, act: &str, mut body: Value| {
        body["event_id"] = json!(by.event());
        body["seen_version"] = json!(what.row.version);
        let path = format!("/v1/proposals/{}/{act}", what.row.id);
        *what = by.post(&path, &body).await.ok()?.read()?;
        anyhow::Ok(())
    };
    let yes = || json!({ "verdict": "yes" });
    let [returned, accepted, withdrawn] = &mut all[..] else {
        anyhow::bail!("three proposals");
    };
    let back = json!({ "verdict": "return", "reason": "DATA_BELUM_LENGKAP" });
    say(verifier, returned, "check", back).await?;
    say(operator, withdrawn, "withdraw", json!({})).await?;
    say(verifier, accepted, "check", yes()).await?;
    let paper = bring_scan(operator, b"%PDF-1.4\nSPTJM\n%%EOF\n").await?.id;
    let statement = json!({ "number": "SPTJM/7/2026", "signer": "Ketua RT 02", "paper": paper });
    say(operator, accepted, "sptjm", statement).await?;
    say(verifier, accepted, "verify", yes()).await?;
    say(approver, accepted, "endorse", yes()).await?;
    say(operator, accepted, "send", json!({})).await?;
    say(verifier, accepted, "outcome", yes()).await
}
