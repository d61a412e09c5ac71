//! A server as a process of its own, on a folder of its own, with two accounts and a phone.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tilik_mobile_core::{Header, Request, RequestBody, Response};
use tilik_protocol::ids::UserId;
use tilik_protocol::policy::Role;
use tilik_protocol::session::{Act, AddGrant, AddUser};
use tilik_server::App;
use tilik_server::clock::{Ids, SystemClock};
use tilik_server::config::{Config, SecondFactor};
use tilik_server::keys::{Keyring, Loading};
use tilik_server::start::{self, Migrating};
use tilik_tests::uploads::{SealedPhoto, noise, seal_finding, send_manifests};
use tilik_tests::{Carrier, FieldPhone, Hands, Http, Person, Sun, village};

const PASSWORD: &str = "kata sandi untuk uji";
const SUPERVISOR: &str = "koordinator";
const OFFICER: &str = "petugas";
/// A debug build on a busy machine starts slowly.
const START: Duration = Duration::from_mins(1);

/// Where a server lives.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Its settings.
    pub config: Config,
    /// The officer's account.
    pub officer: UserId,
    /// What its server signs and seals with.
    pub keys: Arc<Keyring>,
    folder: PathBuf,
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens.
    pub at: SocketAddr,
}

/// Chance for faults: where they hit is told when they find something.
#[derive(Debug)]
pub struct Luck(Ids);

impl Luck {
    /// New luck.
    pub fn new() -> Self {
        Self(Ids::new(Arc::new(SystemClock)))
    }

    /// Where ids come from.
    pub fn ids(&self) -> &Ids {
        &self.0
    }

    /// A number below `end`.
    pub fn below(&self, end: usize) -> usize {
        let drawn = u64::from_be_bytes(self.0.bytes::<8>());
        usize::try_from(drawn % (end.max(1) as u64)).unwrap_or(0)
    }

    /// Some time below `end`.
    pub fn time_below(&self, end: Duration) -> Duration {
        let micros = usize::try_from(end.as_micros()).unwrap_or(0);
        Duration::from_micros(self.below(micros) as u64)
    }
}

fn settings(data: &Path, folder: &Path) -> Result<Config> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    Ok(Config {
        keys: folder.join("keys.json"),
        listen: free,
        second_factor: SecondFactor::Offered,
        ..Config::embedded(data.to_path_buf())
    })
}

/// A token of the supervisor, who may carry and may enrol.
///
/// # Errors
/// When the server refuses.
pub fn sign_in(server: &Api) -> Result<String> {
    let body = json!({ "username": SUPERVISOR, "password": PASSWORD });
    let answer = server.call("POST", "/v1/session", None, &body)?;
    ensure!(answer.status == 200, "sign-in: {}", answer.status);
    let tokens: Value = serde_json::from_slice(&answer.body)?;
    Ok(tokens["access_token"]
        .as_str()
        .context("no token")?
        .to_owned())
}

impl Ground {
    /// Makes the accounts in the new data folder `data`; keys and phone go to `folder`.
    ///
    /// # Errors
    /// When the disk or the database do not let it.
    pub async fn found(data: &Path, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let config = settings(data, folder)?;
        let (clock, ids) = start::clock_and_ids();
        let (store, keys) =
            start::open_store(&config, true, Migrating::Embedded, clock, ids.clone()).await?;
        let by = store.acting_as_system("faults");
        let mut officer = None;
        for (username, role) in [(SUPERVISOR, Role::Supervisor), (OFFICER, Role::Officer)] {
            let user = by
                .add_user(AddUser {
                    event_id: ids.next(),
                    username: username.to_owned(),
                    name: format!("Pegawai {username}"),
                    password: PASSWORD.to_owned(),
                })
                .await?;
            let grant = AddGrant {
                event_id: ids.next(),
                role,
                regions: vec![village::city()],
                valid_from: None,
                valid_until: None,
                document_number: "ST/1/2026".to_owned(),
                delegated_from: None,
            };
            let grant = by.add_grant(user.id, grant).await?;
            if role.waits_for_approver() {
                let act = Act {
                    event_id: ids.next(),
                    note: None,
                };
                by.confirm_grant(grant.id, act).await?;
            }
            officer = Some(user.id);
        }
        // As if everybody had signed in and chosen the same again.
        store
            .poke("UPDATE user_account SET password_expires_at = NULL", [])
            .await?;
        store.close().await;
        let officer = officer.context("the officer")?;
        std::fs::write(folder.join("officer"), officer.to_string())?;
        Ok(Self {
            config,
            officer,
            keys,
            folder: folder.to_path_buf(),
        })
    }

    /// What [`Ground::found`] made in `data` and `folder`.
    ///
    /// # Errors
    /// When it did not.
    pub fn of(data: &Path, folder: &Path) -> Result<Self> {
        let officer =
            std::fs::read_to_string(folder.join("officer")).context("run `found` first")?;
        let config = settings(data, folder)?;
        let loading = Loading {
            data_dir: Some(&config.data_dir),
            demo: true,
        };
        let keys = Keyring::load(&config.keys, loading)?;
        Ok(Self {
            config,
            officer: officer.parse()?,
            keys: Arc::new(keys),
            folder: folder.to_path_buf(),
        })
    }

    /// Starts the server, with more variables around it.
    ///
    /// # Errors
    /// When it does not come up; its last words are told.
    pub fn start(&self, around: &[(&str, String)]) -> Result<Server> {
        let program = std::env::current_exe()?.with_file_name("tilik");
        ensure!(
            program.exists(),
            "{} is missing: cargo build --workspace --bins",
            program.display()
        );
        let log_file = self.folder.join("server.log");
        let log = std::fs::File::create(&log_file)?;
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TILIK_") {
                command.env_remove(name);
            }
        }
        let process = command
            .args(["serve", "--demo"])
            .env("TILIK_DATA_DIR", &self.config.data_dir)
            .env("TILIK_KEYS", &self.config.keys)
            .env("TILIK_LISTEN", self.config.listen.to_string())
            // The machine's own disk may be as full as it is.
            .env("TILIK_LOW_SPACE", "2,1")
            .envs(around.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Server {
            process,
            at: self.config.listen,
        };
        let began = Instant::now();
        while began.elapsed() < START {
            if std::fs::read_to_string(&log_file)?.contains("Listening on") {
                return Ok(server);
            }
            if let Some(status) = server.process.try_wait()? {
                let log = std::fs::read_to_string(&log_file)?;
                bail!("the server ended with {status}: {log}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server does not come up")
    }

    /// The data of a server that does not run, as the next one would see them.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub async fn look(&self) -> Result<App> {
        Ok(start::open_app(self.config.clone(), true).await?)
    }

    /// The officer's phone, enrolled and signed in.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn phone(&self, server: &Api) -> Result<FieldPhone> {
        let token = sign_in(server)?;
        let luck = Luck::new();
        let body = json!({ "event_id": luck.ids().next::<uuid::Uuid>(), "officer": self.officer });
        let answer = server.call("POST", "/v1/enrolments", Some(&token), &body)?;
        ensure!(answer.status == 200, "enrolment: {}", answer.status);
        let code: Value = serde_json::from_slice(&answer.body)?;
        let person = Person {
            id: self.officer,
            username: OFFICER.to_owned(),
            password: PASSWORD.to_owned(),
        };
        let hands = Hands::new("hp", u64::from_be_bytes(luck.ids().bytes()), Sun::Real)?;
        let carrier = Carrier::Http(server.0.clone());
        let phone = FieldPhone::open(person, &self.folder.join("phone"), hands, carrier)?;
        phone
            .join(code["code"].as_str().context("no code")?)
            .await?;
        Ok(phone)
    }
}

/// Seals `count` photos of noise, at most twenty a visit, and sends their manifests. With them, the grant to send them.
///
/// # Errors
/// When the phone or the server refuse.
pub async fn photos(
    phone: &FieldPhone,
    count: u32,
    (width, height): (u16, u16),
) -> Result<(Vec<SealedPhoto>, String)> {
    let luck = Luck::new();
    let mut sealed = Vec::new();
    let mut left = count;
    while left > 0 {
        let now = left.min(20);
        left -= now;
        let jpegs: Vec<_> = (0..now)
            .map(|_| noise(luck.ids(), width, height))
            .collect::<Result<_>>()?;
        let visit = seal_finding(phone, &jpegs)?;
        sealed.extend(SealedPhoto::of_visit(phone, visit)?);
    }
    let grant = send_manifests(phone).await?.context("no upload grant")?;
    Ok((sealed, grant))
}

/// A server by its address.
#[derive(Debug, Clone)]
pub struct Api(Http);

impl Api {
    /// The one at `url`, such as `http://127.0.0.1:8080`.
    pub fn at(url: &str) -> Self {
        Self(Http::at(url))
    }

    /// A JSON request.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<Response> {
        let mut headers = vec![Header {
            name: "content-type".to_owned(),
            value: "application/json".to_owned(),
        }];
        headers.extend(token.map(|token| Header {
            name: "authorization".to_owned(),
            value: format!("Bearer {token}"),
        }));
        let request = Request {
            id: String::new(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: if body.is_null() {
                RequestBody::None
            } else {
                RequestBody::Bytes {
                    bytes: body.to_string().into_bytes(),
                }
            },
            save_to: None,
        };
        self.0.send(&request).context("nobody answers")
    }
}

impl Server {
    /// Its interface.
    pub fn api(&self) -> Api {
        Api::at(&format!("http://{}", self.at))
    }

    /// SIGKILL: nothing is finished.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// SIGTERM: requests in flight are finished.
    ///
    /// # Errors
    /// When it does not end, or not well.
    pub fn stop(mut self) -> Result<()> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Resident memory, in KiB.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn resident_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kib = line.split_whitespace().next().context("no number")?;
        Ok(kib.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or does now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
