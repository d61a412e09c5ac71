//! `cargo demo`: a whole city on one machine. The real server behind real HTTP, Kota Kediri imported from files, officers
//! with the real phone core who photograph houses that never stood, and people at desks who review and decide.
//!
//! Owns the play; every act in it goes through the API or through the phone core, and what it tells at the end is read
//! back from the database and the blob store ([`Summary`]).

pub mod console;
mod desks;
pub(crate) mod doors;
mod letters;
mod month;
mod officers;
mod proposals;
mod summary;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use tilik_protocol::policy::Role;
use tilik_protocol::region::RegionCode;
use tilik_protocol::registry::ImportReport;
use tilik_protocol::review::Page;
use tilik_protocol::rule::{RuleHead, RuleView};
use tilik_server::config::{Config, SecondFactor};
use tilik_server::{App, serve, start};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use desks::Desks;
pub use month::Registry;
pub use officers::Crew;
pub use summary::Summary;

use crate::feed::Signer;
use crate::kediri;
use crate::people::{Console, PASSWORD, first_accounts, hire};
use crate::phone::Http;
use crate::village::city;
use crate::world::{Doorway, LITTLE_SPACE};

/// The villages where the officers of the demo walk.
pub const VILLAGES: [&str; 4] = [
    "35.71.03.1009",
    "35.71.01.1002",
    "35.71.02.1014",
    "35.71.03.1007",
];

/// How the demo runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server listens; port 0: any free one.
    pub listen: SocketAddr,
    /// What chance begins with.
    pub seed: u64,
    /// Where everything lies; absent: a folder that goes when the demo ends.
    pub folder: Option<PathBuf>,
}

/// A city at work.
pub struct Demo {
    /// The server, for what is read back at the end.
    pub app: App,
    /// Where it answers.
    pub address: String,
    /// What chance began with.
    pub seed: u64,
    /// Where everything lies.
    pub folder: PathBuf,
    doorway: Doorway,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    _kept: Option<tempfile::TempDir>,
}

impl Demo {
    /// Starts the server on a folder that holds nothing yet.
    ///
    /// # Errors
    /// When the folder is in use already, or nothing can listen there.
    pub async fn open(options: &Options) -> Result<Self> {
        let (folder, kept) = if let Some(folder) = &options.folder {
            std::fs::create_dir_all(folder)?;
            anyhow::ensure!(
                std::fs::read_dir(folder)?.next().is_none(),
                "{} is not empty; the demo begins on an empty folder",
                folder.display()
            );
            (folder.clone(), None)
        } else {
            let kept = tempfile::Builder::new().prefix("tilik-demo-").tempdir()?;
            (kept.path().to_path_buf(), Some(kept))
        };
        let listener = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("nothing can listen on {}", options.listen))?;
        let address = format!("http://{}", listener.local_addr()?);
        let config = Config {
            public_url: address.clone(),
            workers: 2,
            second_factor: SecondFactor::Offered,
            low_space: LITTLE_SPACE,
            feed_keys: vec![Signer::registry()?.public()?],
            ..Config::embedded(folder.join("server"))
        };
        let app = start::open_app(config, true).await?;
        // Every phone would wait for it in vain.
        anyhow::ensure!(
            app.space.photo().is_ok(),
            "only {} % of the disk with {} is free; the server takes photos from {} % on: make room, or choose --folder",
            app.space.free_percent(),
            folder.display(),
            LITTLE_SPACE.photos_wait_below
        );
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(serve::serve(app.clone(), listener, stopping));
        Ok(Self {
            doorway: Doorway::over(Http::at(&address)),
            address,
            seed: options.seed,
            folder,
            app,
            stop,
            serving,
            _kept: kept,
        })
    }

    /// Makes the first two accounts, as the command line would: an admin and an approver.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn found(&self) -> Result<Office> {
        let (admin, approver) = first_accounts(&self.app, &self.doorway).await?;
        Ok(Office { admin, approver })
    }

    /// Imports Kota Kediri over HTTP: real regions and boundaries, families that never were.
    ///
    /// # Errors
    /// When a line is rejected: the files are ours.
    pub async fn import(&self, office: &Office) -> Result<Vec<ImportReport>> {
        let files = kediri::files(self.seed);
        kediri::import(&self.doorway, &office.admin, &office.approver, files).await
    }

    /// Gives everybody else an account.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn hire(&self, office: Office) -> Result<Cast> {
        let Office { admin, approver } = office;
        let desk = (&admin, &approver);
        let city = [city()];
        let mut villages = Vec::new();
        for (n, code) in VILLAGES.iter().enumerate() {
            let region: RegionCode = code.parse()?;
            let here = [region.clone()];
            let n = n + 1;
            villages.push(Village {
                officer: hire(desk, &format!("petugas{n}"), Role::Officer, &here).await?,
                operator: hire(desk, &format!("operator{n}"), Role::Operator, &here).await?,
                region,
            });
        }
        Ok(Cast {
            supervisor: hire(desk, "koordinator", Role::Supervisor, &city).await?,
            reviewer: hire(desk, "koordinator2", Role::Supervisor, &city).await?,
            verifier: hire(desk, "verifikator", Role::Verifier, &city).await?,
            auditor: hire(desk, "inspektorat", Role::Auditor, &city).await?,
            feed: hire(desk, "dukcapil", Role::Feed, &city).await?,
            signatory: hire(
                desk,
                "lurah",
                Role::Signatory,
                &[villages[0].region.clone()],
            )
            .await?,
            villages,
            trainees: None,
            admin,
            approver,
        })
    }

    /// Makes the training area, with somebody to visit its invented families and somebody to review them.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn train(&self, cast: &mut Cast) -> Result<()> {
        let desk = (&cast.admin, &cast.approver);
        let area: [RegionCode; 1] = ["00.01".parse()?];
        let officer = hire(desk, "latihan-petugas", Role::Officer, &area).await?;
        let supervisor = hire(desk, "latihan", Role::Supervisor, &area).await?;
        let body = serde_json::json!({ "event_id": cast.admin.event() });
        cast.admin.post("/v1/training", &body).await.ok()?;
        cast.trainees = Some(Trainees {
            officer,
            supervisor,
        });
        Ok(())
    }

    /// What makes a family eligible: the shipped rules, of which the admin sends those of the present regime. Two are put in
    /// force, the rest waits for whoever tries the approver's desk. A fact gives an operator something to look into.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn rules(&self, cast: &Cast) -> Result<()> {
        let (admin, approver) = (&cast.admin, &cast.approver);
        let body = serde_json::json!({ "event_id": admin.event(), "region": city() });
        admin.post("/v1/rules/shipped", &body).await.ok()?;
        let rules: Page<RuleHead> = admin.get("/v1/rules").await.ok()?.read()?;
        for rule in rules.items.iter().filter(|one| one.regime == "dtsen") {
            let act = async |by: &Console, act: &str, version: i32| -> Result<RuleView> {
                let body = serde_json::json!({ "event_id": by.event(), "seen_version": version });
                let path = format!("/v1/rules/{}/{act}", rule.id);
                by.post(&path, &body).await.ok()?.read()
            };
            let sent = act(admin, "submit", rule.version).await?;
            if ["PKH", "SEMBAKO"].contains(&rule.program.as_str()) {
                act(approver, "confirm", sent.version).await?;
            }
        }
        let village = cast.villages.first().context("a village")?;
        let path = format!(
            "/v1/recipients?region={}&program=SEMBAKO&limit=3",
            village.region
        );
        let found = village.operator.get(&path).await.ok()?.json();
        for row in found["items"].as_array().into_iter().flatten() {
            let family = row["family"]["id"].as_str().context("a family")?;
            let body = serde_json::json!({ "event_id": village.operator.event(), "code": "BANTUAN_LAIN",
                "source": "Dinas Sosial", "evidence": "daftar penerima bantuan lain", "document_number": "400.9/17/2026" });
            let path = format!("/v1/families/{family}/facts");
            village.operator.post(&path, &body).await.ok()?;
        }
        Ok(())
    }

    /// Stops the server; what was acknowledged is finished first.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn close(self) -> Result<()> {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_mins(1), self.serving)
            .await
            .context("the server does not stop")???;
        self.app.store.close().await;
        Ok(())
    }
}

/// The first two accounts.
pub struct Office {
    /// Users, devices, imports.
    pub admin: Console,
    /// Confirms.
    pub approver: Console,
}

/// A village of the demo.
pub struct Village {
    /// Where.
    pub region: RegionCode,
    /// Who walks there.
    pub officer: Console,
    /// Who decides there.
    pub operator: Console,
}

/// Who practises: what they do is in no count of the city.
pub struct Trainees {
    /// Visits invented families.
    pub officer: Console,
    /// Reviews them.
    pub supervisor: Console,
}

/// Everybody in the play.
pub struct Cast {
    /// Users, devices, imports.
    pub admin: Console,
    /// Confirms.
    pub approver: Console,
    /// Opens and assigns; whoever tries the demo reviews under this name.
    pub supervisor: Console,
    /// Reviews, so that nobody's case is judged under their hands.
    pub reviewer: Console,
    /// Decides where an operator may not.
    pub verifier: Console,
    /// Reads everything.
    pub auditor: Console,
    /// Reads and signs.
    pub signatory: Console,
    /// Brings the civil registry's files.
    pub feed: Console,
    /// The villages with their people.
    pub villages: Vec<Village>,
    /// Who practises, while the demo goes on.
    pub trainees: Option<Trainees>,
}

impl Cast {
    /// A name to sign in with for every role, and what it does. Everybody's password is [`PASSWORD`].
    pub fn logins(&self) -> Vec<(String, &'static str)> {
        let at = |console: &Console| console.person.username.clone();
        let mut logins = vec![
            (at(&self.villages[0].officer), "officer, pendamping di HP"),
            (at(&self.supervisor), "supervisor, meninjau bukti"),
            (
                at(&self.villages[0].operator),
                "operator, memutuskan di kelurahannya",
            ),
            (
                at(&self.verifier),
                "verifier, memutuskan bila operator tidak boleh",
            ),
            (at(&self.approver), "approver, mengesahkan"),
            (at(&self.signatory), "signatory, membaca wilayahnya"),
            (at(&self.admin), "admin, pengguna, HP dan impor"),
            (at(&self.auditor), "auditor, membaca semuanya"),
        ];
        if let Some(trainees) = &self.trainees {
            logins.push((
                at(&trainees.supervisor),
                "supervisor di area latihan, meninjau keluarga karangan",
            ));
        }
        logins
    }

    /// The password of every account.
    pub fn password(&self) -> &'static str {
        PASSWORD
    }
}
