//! Every setting, parsed once and refused early with the variable's name and what to do about it.
//!
//! No value is repeated in a refusal: some are secret, and one that is misspelled may be as secret as the right one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ipnet::IpNet;
use tilik_protocol::population::{Limits, is_key_name};

use crate::app_release::{self, AppFile};
use crate::base_map::{BaseMap, Unfit};
use crate::blobs::S3Options;
use crate::store::DatabaseUrl;

/// How this server runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where spool files, the embedded database and the directory store live.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// The bucket, or the directory store in [`Config::data_dir`].
    pub s3: Option<S3Options>,
    /// The keyring file.
    pub keys: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed; nobody else's is.
    pub trusted_proxies: Vec<IpNet>,
    /// What browsers and phones call this server, for links and the Origin check.
    pub public_url: String,
    /// Apps older than this may seal and send, not capture.
    pub min_app_version: String,
    /// Days a phone keeps a photo after it is safe; at least 7.
    pub keep_days: u32,
    /// The region's own time zone, minutes east of UTC (WIB: 420).
    pub utc_offset_min: i32,
    /// Days between the delivered notice and the successor's designation; 0 allowed.
    pub appeal_days: u32,
    /// A received photo counts as safe at once (no backup verifies it yet).
    pub safe_at_once: bool,
    /// Background workers in this process.
    pub workers: usize,
    /// Who may read `/metrics`.
    pub metrics: MetricsReaders,
    /// Whether roles that decide must show a code beside the password.
    pub second_factor: SecondFactor,
    /// Whose population events are believed.
    pub feed_keys: Vec<FeedKey>,
    /// From where on a batch of them waits for a person.
    pub event_limits: Limits,
    /// How full the disk may get.
    pub low_space: LowSpace,
    /// What is drawn under the families on the map.
    pub base_map: Option<BaseMap>,
    /// The Android app that phones are offered.
    pub app: Option<Arc<AppFile>>,
    /// What browsers get.
    pub console: Console,
    /// How the log is written.
    pub log: Log,
}

/// How much of the disk has to be free, in per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowSpace {
    /// Below this share photos get 507.
    pub photos_wait_below: u8,
    /// Below this share everything that writes gets 507.
    pub read_only_below: u8,
}

impl Default for LowSpace {
    fn default() -> Self {
        Self {
            photos_wait_below: 10,
            read_only_below: 3,
        }
    }
}

/// Whether roles that decide must show a code beside the password. Who has set one up is always asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Until they have set it up, they can do nothing else.
    Required,
    /// Everybody may.
    Offered,
}

/// What browsers get from this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Console {
    /// The console in this binary; a release that lacks it does not serve.
    #[default]
    Embedded,
    /// A page that says there is none: this server is for phones and programs.
    None,
}

/// Who may read `/metrics`: these networks, and who shows the token.
#[derive(Clone)]
pub struct MetricsReaders {
    /// Networks; the loopback ones when nothing is configured.
    pub networks: Vec<IpNet>,
    /// What `Authorization: Bearer` has to show from elsewhere.
    pub token: Option<String>,
}

impl fmt::Debug for MetricsReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsReaders")
            .field("networks", &self.networks)
            .field("by_token", &self.token.is_some())
            .finish()
    }
}

impl Default for MetricsReaders {
    fn default() -> Self {
        Self {
            networks: vec![
                IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
                IpNet::new_assert(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 128),
            ],
            token: None,
        }
    }
}

/// A public key of a feed; of one feed there may be several, while the old one is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedKey {
    /// `feed/key`, such as `dukcapil/2026`.
    pub name: String,
    /// Ed25519.
    pub public: [u8; 32],
}

impl FeedKey {
    /// Whether `signature` (base64url) over `message` was made with it.
    pub fn signed(&self, message: &[u8], signature: &str) -> bool {
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature.trim_end_matches('='));
        signature.is_ok_and(|bytes| crate::signature::is_by_feed(&self.public, message, &bytes))
    }
}

/// How the log is written. Only our own words may be chosen more or less of: what libraries say in detail may hold what
/// people typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// One JSON object a line, for machines; else text for people.
    pub json: bool,
    /// The least important level that is written.
    pub level: tracing::Level,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            json: false,
            level: tracing::Level::INFO,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSetting {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong.
    pub problem: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}. {}", self.variable, self.problem, self.remedy)
    }
}

/// All settings that cannot be used, so that one start tells them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSettings(pub Vec<BadSetting>);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, bad) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            bad.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for BadSettings {}

/// Every variable, and its meaning for people.
pub const VARIABLES: [(&str, &str); 28] = [
    (
        "TILIK_DATA_DIR",
        "folder for the embedded database, photos and spool files [default: ~/.local/share/tilik]",
    ),
    (
        "TILIK_DATABASE_URL",
        "postgres://… or sqlite:///path [default: tilik.sqlite in the data folder]",
    ),
    (
        "TILIK_S3_ENDPOINT",
        "address of an S3 server; without it photos lie in the data folder",
    ),
    ("TILIK_S3_BUCKET", "the bucket, which has to exist"),
    ("TILIK_S3_REGION", "the S3 server's own region"),
    ("TILIK_S3_ACCESS_KEY", "access key id"),
    ("TILIK_S3_SECRET_KEY", "secret key"),
    (
        "TILIK_LISTEN",
        "address and port to listen on [default: 127.0.0.1:8080]",
    ),
    (
        "TILIK_PUBLIC_URL",
        "what phones and browsers call this server, such as https://tilik.example.id",
    ),
    (
        "TILIK_KEYS",
        "the keyring file; never inside the data folder [default: beside it]",
    ),
    (
        "TILIK_TRUSTED_PROXIES",
        "addresses or networks, with commas, whose X-Forwarded-For is believed",
    ),
    (
        "TILIK_MIN_APP_VERSION",
        "older apps may send but not capture [default: 0.1.0]",
    ),
    (
        "TILIK_KEEP_DAYS",
        "days a phone keeps a photo after it is safe, at least 7 [default: 7]",
    ),
    (
        "TILIK_APPEAL_DAYS",
        "days to appeal after the delivered notice [default: 14]",
    ),
    (
        "TILIK_UTC_OFFSET",
        "the region's time zone [default: +07:00]",
    ),
    (
        "TILIK_SAFE_AT_ONCE",
        "yes: a received photo counts as safe; no: a verified backup has to say so [default: yes]",
    ),
    (
        "TILIK_WORKERS",
        "background workers for anything in this process, beside one for what somebody waits for [default: 1]",
    ),
    (
        "TILIK_METRICS_ALLOW",
        "addresses or networks, with commas, that may read /metrics [default: this machine]",
    ),
    (
        "TILIK_METRICS_TOKEN",
        "bearer token with which /metrics may be read from elsewhere",
    ),
    (
        "TILIK_SECOND_FACTOR",
        "required: verifiers, approvers and admins show a code from an app when they sign in; offered: who wants to [default: required]",
    ),
    (
        "TILIK_FEED_KEYS",
        "Ed25519 public keys of the civil registry, with commas, such as dukcapil/2026=<base64>; several while one is replaced",
    ),
    (
        "TILIK_EVENT_LIMITS",
        "when population events wait for a person: per cent of a village, persons that are never too many, deaths a day, missing numbers [default: 0.2,3,50,1000]",
    ),
    (
        "TILIK_LOW_SPACE",
        "per cent of the disk that must be free for photos, and for anything to be written [default: 10,3]",
    ),
    (
        "TILIK_MAP_PMTILES",
        "a PMTiles file drawn under the map; without it the map shows where villages end",
    ),
    (
        "TILIK_APK",
        "a signed Android app that phones are offered; read once, at the start",
    ),
    (
        "TILIK_APK_VERSION",
        "the version of that app, such as 0.2.0",
    ),
    (
        "TILIK_CONSOLE",
        "embedded, or none for a server that only phones and programs use [default: embedded]",
    ),
    (
        "TILIK_LOG",
        "text or json, then a level, such as json:info [default: text:info]",
    ),
];

/// Collects what is wrong while the rest is read.
struct Reader<'a> {
    look: &'a dyn Fn(&str) -> Option<String>,
    bad: Vec<BadSetting>,
}

impl Reader<'_> {
    /// An empty variable is an unset one.
    fn text(&self, variable: &str) -> Option<String> {
        (self.look)(variable)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    }

    fn refuse(&mut self, variable: &'static str, problem: &'static str, remedy: &'static str) {
        self.bad.push(BadSetting {
            variable,
            problem,
            remedy,
        });
    }

    /// The variable's value when it is set and `parse` can read it.
    fn read<T>(
        &mut self,
        variable: &'static str,
        problem: &'static str,
        remedy: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(variable)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(variable, problem, remedy);
        }
        value
    }

    fn s3(&mut self) -> Option<S3Options> {
        const NAMES: [&str; 5] = [
            "TILIK_S3_ENDPOINT",
            "TILIK_S3_BUCKET",
            "TILIK_S3_REGION",
            "TILIK_S3_ACCESS_KEY",
            "TILIK_S3_SECRET_KEY",
        ];
        let values = NAMES.map(|name| self.text(name));
        if values.iter().all(Option::is_none) {
            return None;
        }
        for (name, value) in NAMES.iter().zip(&values) {
            if value.is_none() {
                self.refuse(
                    name,
                    "is missing while other TILIK_S3_ variables are set",
                    "Set all five, or none to keep photos in the data folder.",
                );
            }
        }
        let [endpoint, bucket, region, access_key, secret_key] = values;
        let endpoint = endpoint?;
        if !(endpoint.starts_with("https://") || endpoint.starts_with("http://")) {
            self.refuse(
                "TILIK_S3_ENDPOINT",
                "is no http address",
                "Write it like https://s3.example.id.",
            );
        }
        Some(S3Options {
            endpoint,
            region: region?,
            bucket: bucket?,
            access_key: access_key?,
            secret_key: secret_key?,
        })
    }
}

impl Reader<'_> {
    fn base_map(&mut self) -> Option<BaseMap> {
        const NAME: &str = "TILIK_MAP_PMTILES";
        let path = self.text(NAME)?;
        match BaseMap::open(Path::new(&path)) {
            Ok(map) => return Some(map),
            Err(Unfit::Unreadable) => self.refuse(
                NAME,
                "names a file that is not there or may not be read",
                "Name a PMTiles file that the server's account may read, or leave the variable out.",
            ),
            Err(Unfit::NotPmtiles) => self.refuse(
                NAME,
                "names a file that is no PMTiles file of version 3",
                "Convert it with `pmtiles convert`, or leave the variable out.",
            ),
            Err(Unfit::OtherTiles) => self.refuse(
                NAME,
                "names a file whose tiles are neither vector (MVT) nor PNG, JPEG, WebP or AVIF",
                "Name another file, or leave the variable out.",
            ),
        }
        None
    }
}

impl Reader<'_> {
    fn app(&mut self) -> Option<AppFile> {
        const NAME: &str = "TILIK_APK";
        const VERSION: &str = "TILIK_APK_VERSION";
        let told = self.read(
            VERSION,
            "is no version",
            "Write three numbers, like 0.2.0.",
            version,
        );
        let path = self.text(NAME)?;
        let Some(version) = told else {
            self.refuse(
                VERSION,
                "is missing beside TILIK_APK",
                "Write the version of that app, like 0.2.0.",
            );
            return None;
        };
        match AppFile::open(Path::new(&path), &version) {
            Ok(file) => return Some(file),
            Err(app_release::Unfit::Unreadable) => self.refuse(
                NAME,
                "names a file that is not there or may not be read",
                "Name an APK that the server's account may read, or leave the variable out.",
            ),
            Err(app_release::Unfit::NotApk) => self.refuse(
                NAME,
                "names a file that is no APK",
                "Name the signed APK itself, or leave the variable out.",
            ),
        }
        None
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    }
}

fn networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse::<IpNet>()
                .ok()
                .or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
        })
        .collect()
}

/// `+07:00` as minutes.
fn offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then(|| sign * (i32::from(hours) * 60 + i32::from(minutes)))
}

fn version(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let fits = parts.len() == 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.parse::<u32>().is_ok());
    fits.then(|| text.to_owned())
}

/// Scheme and host as a browser spells them in `Origin`: no path, no slash at the end, no default port.
fn origin(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let (scheme, host) = text.split_once("://")?;
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let fits = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    if !fits {
        return None;
    }
    let host = host.strip_suffix(default_port).unwrap_or(host);
    Some(format!("{scheme}://{host}"))
}

fn database(text: &str) -> Option<DatabaseUrl> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Some(DatabaseUrl::Postgres(text.to_owned()));
    }
    let path = text.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty() && !path.contains('?')).then(|| DatabaseUrl::Sqlite(path.into()))
}

fn log(text: &str) -> Option<Log> {
    let (format, level) = text.split_once(':').unwrap_or((text, "info"));
    let json = match format {
        "json" => true,
        "text" => false,
        _ => return None,
    };
    let level = match level {
        "error" => tracing::Level::ERROR,
        "warn" => tracing::Level::WARN,
        "info" => tracing::Level::INFO,
        "debug" => tracing::Level::DEBUG,
        _ => return None,
    };
    Some(Log { json, level })
}

/// `10,3`: photos wait before everything does.
fn low_space(text: &str) -> Option<LowSpace> {
    let (photos, all) = text.split_once(',')?;
    let (photos, all): (u8, u8) = (photos.trim().parse().ok()?, all.trim().parse().ok()?);
    (all >= 1 && photos > all && photos <= 50).then_some(LowSpace {
        photos_wait_below: photos,
        read_only_below: all,
    })
}

/// `dukcapil/2026=…,dukcapil/2027=…`: standard or URL-safe base64 of 32 bytes.
fn feed_keys(text: &str) -> Option<Vec<FeedKey>> {
    let mut keys: Vec<FeedKey> = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, key) = part.split_once('=')?;
        let key = key.trim().trim_end_matches('=');
        let key = key.replace('+', "-").replace('/', "_");
        let public = BASE64_URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
        let name = name.trim().to_owned();
        if !is_key_name(&name) || keys.iter().any(|known| known.name == name) {
            return None;
        }
        keys.push(FeedKey { name, public });
    }
    Some(keys)
}

/// `0.2,3,50,1000`.
fn event_limits(text: &str) -> Option<Limits> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let [share, few, deaths, gap] = parts[..] else {
        return None;
    };
    // Per cent with at most three places, without a float.
    let (whole, places) = share.split_once('.').unwrap_or((share, ""));
    if places.len() > 3 || !places.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let share = format!("{whole}{places:0<3}").parse().ok()?;
    (share <= 100_000).then_some(Limits {
        share,
        few: few.parse().ok()?,
        deaths: deaths.parse().ok()?,
        gap: gap.parse().ok()?,
    })
}

fn console(text: &str) -> Option<Console> {
    match text {
        "embedded" => Some(Console::Embedded),
        "none" => Some(Console::None),
        _ => None,
    }
}

/// The keyring's place when nobody said one: beside the data folder, never in it.
fn keys_beside(data_dir: &Path) -> PathBuf {
    let mut name = data_dir
        .file_name()
        .map_or_else(|| "tilik".into(), std::ffi::OsStr::to_os_string);
    name.push("-keys.json");
    data_dir.with_file_name(name)
}

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl Config {
    /// The embedded default in `data_dir`.
    pub fn embedded(data_dir: PathBuf) -> Self {
        Self {
            database: DatabaseUrl::Sqlite(data_dir.join("tilik.sqlite")),
            s3: None,
            keys: keys_beside(&data_dir),
            listen: LISTEN,
            data_dir,
            trusted_proxies: Vec::new(),
            public_url: "http://127.0.0.1:8080".to_owned(),
            min_app_version: "0.1.0".to_owned(),
            keep_days: 7,
            utc_offset_min: 420,
            appeal_days: 14,
            safe_at_once: true,
            workers: 1,
            metrics: MetricsReaders::default(),
            low_space: LowSpace::default(),
            feed_keys: Vec::new(),
            event_limits: Limits::default(),
            base_map: None,
            app: None,
            second_factor: SecondFactor::Required,
            console: Console::default(),
            log: Log::default(),
        }
    }

    /// The settings of the environment that `look` reads.
    ///
    /// # Errors
    /// Every variable that cannot be used, with its remedy.
    pub fn from_environment(look: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
        let mut reader = Reader {
            look,
            bad: Vec::new(),
        };
        let data_dir = reader
            .text("TILIK_DATA_DIR")
            .map(PathBuf::from)
            .or_else(|| {
                let home = reader.text("XDG_DATA_HOME").map(PathBuf::from);
                let home =
                    home.or_else(|| Some(Path::new(&reader.text("HOME")?).join(".local/share")));
                Some(home?.join("tilik"))
            });
        let Some(data_dir) = data_dir else {
            reader.refuse(
                "TILIK_DATA_DIR",
                "is not set, and there is no home folder to put it in",
                "Name a folder that only this server's user can read.",
            );
            return Err(BadSettings(reader.bad));
        };
        let mut config = Self::embedded(data_dir);
        if let Some(url) = reader.read(
            "TILIK_DATABASE_URL",
            "is no address of a database",
            "Write postgres://user@host/database or sqlite:///folder/tilik.sqlite.",
            database,
        ) {
            config.database = url;
        }
        config.s3 = reader.s3();
        if let Some(keys) = reader.text("TILIK_KEYS") {
            config.keys = keys.into();
        }
        if let Some(listen) = reader.read(
            "TILIK_LISTEN",
            "is no address with a port",
            "Write it like 127.0.0.1:8080 or [::]:8080.",
            |text| text.parse().ok(),
        ) {
            config.listen = listen;
        }
        config.public_url = reader
            .read(
                "TILIK_PUBLIC_URL",
                "is no address of a server",
                "Write scheme and host only, like https://tilik.example.id.",
                origin,
            )
            .unwrap_or_else(|| {
                let mut at = config.listen;
                if at.ip().is_unspecified() {
                    at.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
                }
                format!("http://{at}")
            });
        let network_remedy = "Write addresses or networks with commas, like 10.0.0.5,10.1.0.0/16.";
        if let Some(nets) = reader.read(
            "TILIK_TRUSTED_PROXIES",
            "holds something that is no address or network",
            network_remedy,
            networks,
        ) {
            config.trusted_proxies = nets;
        }
        if let Some(nets) = reader.read(
            "TILIK_METRICS_ALLOW",
            "holds something that is no address or network",
            network_remedy,
            networks,
        ) {
            config.metrics.networks = nets;
        }
        config.metrics.token = reader.read(
            "TILIK_METRICS_TOKEN",
            "is too short to be a secret",
            "Use at least 20 random letters and digits.",
            |text| (text.len() >= 20).then(|| text.to_owned()),
        );
        if let Some(rule) = reader.read(
            "TILIK_SECOND_FACTOR",
            "is neither required nor offered",
            "Write required; offered is for a demo, where nothing is real.",
            |text| match text {
                "required" => Some(SecondFactor::Required),
                "offered" => Some(SecondFactor::Offered),
                _ => None,
            },
        ) {
            config.second_factor = rule;
        }
        if let Some(low) = reader.read(
            "TILIK_LOW_SPACE",
            "is no pair of per cents like 10,3",
            "Write whole per cents: photos wait below the first, at most 50; everything waits below the second, at least 1 and less than the first.",
            low_space,
        ) {
            config.low_space = low;
        }
        if let Some(keys) = reader.read(
            "TILIK_FEED_KEYS",
            "holds something that is no named Ed25519 public key",
            "Write dukcapil/2026=<base64 of 32 bytes>, with commas between several; each name once.",
            feed_keys,
        ) {
            config.feed_keys = keys;
        }
        if let Some(limits) = reader.read(
            "TILIK_EVENT_LIMITS",
            "is no row of limits like 0.2,3,50,1000",
            "Write per cent of a village, persons that are never too many, deaths a day, and numbers that may be missing.",
            event_limits,
        ) {
            config.event_limits = limits;
        }
        if let Some(version) = reader.read(
            "TILIK_MIN_APP_VERSION",
            "is no version",
            "Write three numbers, like 0.1.0.",
            version,
        ) {
            config.min_app_version = version;
        }
        if let Some(days) = reader.read(
            "TILIK_KEEP_DAYS",
            "is not a number from 7 to 365",
            "Phones keep a photo at least 7 days after it is safe here.",
            |text| text.parse().ok().filter(|days| (7..=365).contains(days)),
        ) {
            config.keep_days = days;
        }
        if let Some(days) = reader.read(
            "TILIK_APPEAL_DAYS",
            "is not a number from 0 to 365",
            "Write the days a family has to appeal, like 14.",
            |text| text.parse().ok().filter(|days| *days <= 365),
        ) {
            config.appeal_days = days;
        }
        if let Some(minutes) = reader.read(
            "TILIK_UTC_OFFSET",
            "is no time zone",
            "Write +07:00 for WIB, +08:00 for WITA or +09:00 for WIT.",
            offset,
        ) {
            config.utc_offset_min = minutes;
        }
        if let Some(safe) = reader.read(
            "TILIK_SAFE_AT_ONCE",
            "is neither yes nor no",
            "Write yes or no.",
            yes_or_no,
        ) {
            config.safe_at_once = safe;
        }
        if let Some(workers) = reader.read(
            "TILIK_WORKERS",
            "is not a number from 0 to 64",
            "Write how many background workers run in this process; 0 when `tilik work` does it.",
            |text| text.parse().ok().filter(|workers| *workers <= 64),
        ) {
            config.workers = workers;
        }
        if let Some(console) = reader.read(
            "TILIK_CONSOLE",
            "is neither embedded nor none",
            "Leave it unset for the console in this program, or write none to serve phones and programs only.",
            console,
        ) {
            config.console = console;
        }
        if let Some(log) = reader.read(
            "TILIK_LOG",
            "is no way to write a log",
            "Write text or json, then error, warn, info or debug, like json:info.",
            log,
        ) {
            config.log = log;
        }
        config.base_map = reader.base_map();
        config.app = reader.app().map(Arc::new);
        if reader.bad.is_empty() {
            Ok(config)
        } else {
            Err(BadSettings(reader.bad))
        }
    }

    /// Whether everything lies in the data folder: nothing was configured to be elsewhere.
    pub fn is_embedded(&self) -> bool {
        matches!(self.database, DatabaseUrl::Sqlite(_))
    }

    /// What is not safe for real families yet, in plain words.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut warnings = Vec::new();
        if self.keys == keys_beside(&self.data_dir) {
            warnings.push(
                "The keys lie beside the data: whoever copies both can read everything. Put the keyring on another \
                 volume and name it in TILIK_KEYS.",
            );
        }
        if !self.public_url.starts_with("https://") {
            warnings.push(
                "TILIK_PUBLIC_URL is not https: passwords and photos travel in clear. Put a proxy with a certificate \
                 in front before phones connect.",
            );
        }
        if !self.listen.ip().is_loopback() && self.trusted_proxies.is_empty() {
            warnings.push(
                "The server listens to others than this machine and knows no proxy: behind one, all people look like \
                 one address to the sign-in throttle. Set TILIK_TRUSTED_PROXIES.",
            );
        }
        if self.safe_at_once {
            warnings.push(
                "Received photos count as safe at once, and no backup is verified: phones forget them after \
                 TILIK_KEEP_DAYS. Copy the data folder or bucket every day.",
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, BadSettings> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Config::from_environment(&move |name| {
            pairs
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn nothing_set_is_the_embedded_default_with_the_keys_outside_the_data() {
        let config = read(&[("HOME", "/home/dinsos")]).unwrap();
        assert_eq!(
            config.data_dir,
            Path::new("/home/dinsos/.local/share/tilik")
        );
        assert_eq!(
            config.database,
            DatabaseUrl::Sqlite("/home/dinsos/.local/share/tilik/tilik.sqlite".into())
        );
        assert_eq!(
            config.keys,
            Path::new("/home/dinsos/.local/share/tilik-keys.json")
        );
        assert!(!config.keys.starts_with(&config.data_dir));
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert!(config.s3.is_none());
        assert_eq!(config.console, Console::Embedded);
    }

    #[test]
    fn the_app_is_read_at_the_start_or_refused_by_its_variables_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tilik.apk");
        let name = path.to_str().unwrap();
        let told = |version: Option<&str>| {
            let mut set = vec![("TILIK_DATA_DIR", "/srv/tilik"), ("TILIK_APK", name)];
            set.extend(version.map(|version| ("TILIK_APK_VERSION", version)));
            read(&set).map_err(|bad| bad.to_string())
        };
        assert!(told(Some("0.2.0")).unwrap_err().contains("TILIK_APK"));
        std::fs::write(&path, b"PK\x03\x04").unwrap();
        assert!(told(None).unwrap_err().contains("TILIK_APK_VERSION"));
        assert!(
            told(Some("baru"))
                .unwrap_err()
                .contains("TILIK_APK_VERSION")
        );
        let config = told(Some("0.2.0")).unwrap();
        assert_eq!(config.app.unwrap().release().version, "0.2.0");
    }

    #[test]
    fn every_variable_is_read() {
        let config = read(&[
            ("TILIK_DATA_DIR", "/srv/tilik"),
            ("TILIK_DATABASE_URL", "postgres://tilik@db/tilik"),
            ("TILIK_S3_ENDPOINT", "https://s3.example.id"),
            ("TILIK_S3_BUCKET", "bukti"),
            ("TILIK_S3_REGION", "garage"),
            ("TILIK_S3_ACCESS_KEY", "GK1"),
            ("TILIK_S3_SECRET_KEY", "rahasia"),
            ("TILIK_LISTEN", "0.0.0.0:9000"),
            ("TILIK_PUBLIC_URL", "HTTPS://Tilik.example.id:443/"),
            ("TILIK_KEYS", "/etc/tilik/keys.json"),
            ("TILIK_TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/16"),
            ("TILIK_MIN_APP_VERSION", "1.2.3"),
            ("TILIK_KEEP_DAYS", "30"),
            ("TILIK_APPEAL_DAYS", "0"),
            ("TILIK_UTC_OFFSET", "+09:00"),
            ("TILIK_SAFE_AT_ONCE", "no"),
            ("TILIK_WORKERS", "0"),
            ("TILIK_METRICS_ALLOW", "10.9.0.0/16"),
            ("TILIK_METRICS_TOKEN", "abcdefghijklmnopqrst"),
            ("TILIK_SECOND_FACTOR", "offered"),
            ("TILIK_LOW_SPACE", "5, 2"),
            (
                "TILIK_FEED_KEYS",
                "dukcapil/2026=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=, \
                 dukcapil/2027=//////////////////////////////////////////8=",
            ),
            ("TILIK_EVENT_LIMITS", "1.5, 5, 80, 20"),
            ("TILIK_CONSOLE", "none"),
            ("TILIK_LOG", "json:warn"),
        ])
        .unwrap();
        assert_eq!(
            config.database,
            DatabaseUrl::Postgres("postgres://tilik@db/tilik".into())
        );
        assert_eq!(config.s3.unwrap().bucket, "bukti");
        assert_eq!(config.public_url, "https://tilik.example.id");
        assert_eq!(config.keys, Path::new("/etc/tilik/keys.json"));
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.min_app_version, "1.2.3");
        assert_eq!((config.keep_days, config.appeal_days), (30, 0));
        assert_eq!(config.utc_offset_min, 540);
        assert!(!config.safe_at_once);
        assert_eq!(config.workers, 0);
        assert_eq!(config.metrics.networks.len(), 1);
        assert_eq!(config.second_factor, SecondFactor::Offered);
        let low = config.low_space;
        assert_eq!((low.photos_wait_below, low.read_only_below), (5, 2));
        assert_eq!(config.feed_keys[0].name, "dukcapil/2026");
        assert_eq!(config.feed_keys[1].public, [255; 32]);
        assert_eq!(
            (config.event_limits.share, config.event_limits.few),
            (1_500, 5)
        );
        assert_eq!(
            (config.event_limits.deaths, config.event_limits.gap),
            (80, 20)
        );
        assert_eq!(config.console, Console::None);
        assert!(config.log.json && config.log.level == tracing::Level::WARN);
    }

    #[test]
    fn each_wrong_value_is_refused_by_its_name_without_being_repeated() {
        let canary = "kanari-9c2e";
        for (variable, _) in VARIABLES {
            let free_text = [
                "TILIK_DATA_DIR",
                "TILIK_KEYS",
                "TILIK_S3_BUCKET",
                "TILIK_S3_REGION",
                "TILIK_S3_ACCESS_KEY",
                "TILIK_S3_SECRET_KEY",
            ];
            let refused = read(&[("HOME", "/h"), (variable, canary)]);
            if free_text[..2].contains(&variable) {
                assert!(refused.is_ok(), "{variable}");
                continue;
            }
            let refused = refused.expect_err(variable).to_string();
            if free_text.contains(&variable) {
                assert!(refused.contains("TILIK_S3_ENDPOINT"), "{refused}");
            } else {
                assert!(refused.contains(variable), "{refused}");
            }
            assert!(!refused.contains(canary), "{refused}");
        }
    }

    #[test]
    fn one_start_tells_every_wrong_variable() {
        let refused = read(&[
            ("HOME", "/h"),
            ("TILIK_KEEP_DAYS", "6"),
            ("TILIK_LISTEN", "8080"),
            ("TILIK_PUBLIC_URL", "https://tilik.example.id/konsol"),
        ])
        .unwrap_err();
        let names: Vec<_> = refused.0.iter().map(|bad| bad.variable).collect();
        assert_eq!(
            names,
            ["TILIK_LISTEN", "TILIK_PUBLIC_URL", "TILIK_KEEP_DAYS"]
        );
    }

    #[test]
    fn half_a_bucket_is_refused() {
        let refused = read(&[("HOME", "/h"), ("TILIK_S3_BUCKET", "bukti")]).unwrap_err();
        assert_eq!(refused.0.len(), 4);
    }

    #[test]
    fn printing_the_settings_shows_no_secret() {
        let config = read(&[
            ("HOME", "/h"),
            ("TILIK_DATABASE_URL", "postgres://tilik:sandi-db@db/tilik"),
            ("TILIK_S3_ENDPOINT", "https://s3.example.id"),
            ("TILIK_S3_BUCKET", "b"),
            ("TILIK_S3_REGION", "r"),
            ("TILIK_S3_ACCESS_KEY", "kunci-akses"),
            ("TILIK_S3_SECRET_KEY", "kunci-rahasia"),
            ("TILIK_METRICS_TOKEN", "token-metrik-rahasia-sekali"),
        ])
        .unwrap();
        let shown = format!("{config:?}");
        for secret in [
            "sandi-db",
            "kunci-akses",
            "kunci-rahasia",
            "token-metrik-rahasia-sekali",
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
