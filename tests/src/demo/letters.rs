//! The first village's office, and the first letters it prints.

use anyhow::{Context, Result};
use serde_json::json;
use tilik_protocol::letter::LetterView;
use tilik_protocol::lookup::FamilyPage;

use super::{Cast, Demo};
use crate::village::city;

impl Demo {
    /// The city's letterhead, that of the first village, and two letters printed there.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn letters(&self, cast: &Cast) -> Result<()> {
        let village = cast.villages.first().context("a village")?;
        let offices = [
            (
                city(),
                json!(["PEMERINTAH KOTA KEDIRI", "DINAS SOSIAL"]),
                "KEPALA DINAS SOSIAL",
            ),
            (
                village.region.clone(),
                json!(["PEMERINTAH KOTA KEDIRI", "KANTOR KELURAHAN"]),
                "LURAH",
            ),
        ];
        for (region, letterhead, title) in offices {
            let body = json!({
                "event_id": cast.admin.event(), "seen_version": 0, "region": region,
                "settings": {
                    "letterhead": letterhead, "address": "Kota Kediri, Jawa Timur (alamat contoh)",
                    "place": "Kediri", "numbering": "running",
                    "number_template": "400.9/{nomor:3}/419/{tahun}",
                    "signatory_title": [title], "signatory_name": "Nama Contoh, S.Sos",
                    "numbers_shown": "full", "shows_decile": false, "valid_days": 90,
                    "appeal_at": "kantor kelurahan, Senin sampai Jumat",
                },
            });
            cast.admin.post("/v1/letter-offices", &body).await.ok()?;
        }
        let by = &village.operator;
        let path = format!("/v1/recipients?region={}&limit=2", village.region);
        let found = by.get(&path).await.ok()?.json();
        for row in found["items"].as_array().into_iter().flatten() {
            let family = row["family"]["id"].as_str().context("a family")?;
            let page = by.get(&format!("/v1/families/{family}")).await;
            let page: FamilyPage = page.ok()?.read()?;
            let person = page.family.persons.first().context("a member")?.id;
            let body = json!({
                "event_id": by.event(), "purpose": "pendaftaran KIP Kuliah",
                "subject": { "kind": "registered", "family": family, "person": person },
            });
            let letter: LetterView = by.post("/v1/letters", &body).await.ok()?.read()?;
            let body = json!({ "event_id": by.event() });
            let path = format!("/v1/letters/{}/print", letter.id);
            by.post(&path, &body).await.ok()?;
        }
        Ok(())
    }
}
