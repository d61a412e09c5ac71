//! Problems (RFC 9457): one stable code each, its HTTP status and its remedy in plain Indonesian.

use serde::{Deserialize, Serialize};

/// What went wrong, as a program reads it. `type` in the body is `/problems/<code>`.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProblemCode {
    /// No or no valid token.
    Unauthenticated,
    /// Name or password is wrong.
    WrongCredentials,
    /// The access token is too old.
    TokenExpired,
    /// The session was ended, or its refresh token was used twice.
    SessionEnded,
    /// Too many wrong tries.
    TooManyAttempts,
    /// Too many requests.
    TooManyRequests,
    /// The password was chosen by somebody else and is too old.
    PasswordExpired,
    /// The password was chosen by somebody else: first comes one's own.
    PasswordChangeRequired,
    /// A role demands a code beside the password: first comes setting it up.
    SecondFactorRequired,
    /// This act asks for a code shown lately in this session.
    StepUpNeeded,
    /// The role this needs counts in a browser only, not on a phone.
    NotOnPhone,
    /// The password was shown too long ago to show the code now.
    PendingExpired,
    /// The slip is wrong, used or too old.
    BadResetSlip,
    /// The slip is right and waits for the second person.
    ResetSlipWaits,
    /// This person decides: what one other alone chose or issued lets nobody into the account.
    TwoPersonsNeeded,
    /// The role does not allow this.
    Forbidden,
    /// The request came from another site than this server's own.
    BadOrigin,
    /// There is no such thing, or not for this actor.
    NotFound,
    /// There is no such route.
    NoSuchRoute,
    /// The route exists, the method does not.
    MethodNotAllowed,
    /// A field is wrong; `fields` names it.
    Invalid,
    /// Nothing is wrong, but `fields` are to be looked at: ticked, the same request goes through.
    LookAgain,
    /// The body is not JSON, or not of this shape.
    BadBody,
    /// An id in the path is not an id.
    BadId,
    /// A query parameter is wrong.
    BadQuery,
    /// The cursor is not one of ours.
    BadCursor,
    /// The body is too large.
    TooLarge,
    /// The content type is not what the route takes.
    UnsupportedMediaType,
    /// Not from this state.
    WrongMoment,
    /// Separation of duty forbids it to this person.
    SeparationOfDuty,
    /// Somebody else changed it meanwhile.
    Stale,
    /// The lease is somebody else's or has run out.
    LeaseLost,
    /// Something about this house has to be looked at: it is accepted by itself and on no contact sheet.
    OneByOne,
    /// The `event_id` was used for something else.
    EventReused,
    /// The id of this photo or visit was used with other content.
    ContentConflict,
    /// Upload: the offset is not where the upload stands.
    WrongOffset,
    /// Upload: another PATCH is active.
    UploadBusy,
    /// Upload: it has expired or was finished and removed.
    UploadGone,
    /// Upload: the checksum of the chunk is wrong.
    ChecksumMismatch,
    /// Upload: the finished bytes are not what was announced.
    HashMismatch,
    /// Upload: protocol version or header is wrong.
    BadUploadHeader,
    /// The sealed file could not be opened with the registry's key.
    CannotOpen,
    /// The copies of a photo that people see are yet to be made.
    PhotoNotReady,
    /// The photo failed the checks.
    BadPhoto,
    /// The manifest's bytes are not a manifest.
    BadManifest,
    /// The signature does not fit.
    BadSignature,
    /// No such device.
    UnknownDevice,
    /// The device was revoked.
    DeviceRevoked,
    /// The enrolment code is wrong, used or too old.
    BadEnrolmentCode,
    /// The file to import is not readable.
    BadImport,
    /// Less than 10 % of the disk is free: photos wait.
    LowSpace,
    /// Less than 3 % of the disk is free: only reading.
    ReadOnly,
    /// The database or the blob store does not answer.
    Unavailable,
    /// The app is too old to capture (it may always seal and send).
    UpdateApp,
    /// Our fault.
    Internal,
}

impl ProblemCode {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Unauthenticated
            | Self::WrongCredentials
            | Self::TokenExpired
            | Self::SessionEnded
            | Self::PasswordExpired
            | Self::PendingExpired => 401,
            Self::TooManyAttempts | Self::TooManyRequests => 429,
            Self::Forbidden
            | Self::PasswordChangeRequired
            | Self::SecondFactorRequired
            | Self::StepUpNeeded
            | Self::NotOnPhone
            | Self::TwoPersonsNeeded
            | Self::BadOrigin
            | Self::DeviceRevoked
            | Self::SeparationOfDuty => 403,
            Self::NotFound | Self::NoSuchRoute => 404,
            Self::MethodNotAllowed => 405,
            Self::BadBody
            | Self::BadId
            | Self::BadQuery
            | Self::BadCursor
            | Self::BadUploadHeader
            | Self::BadImport => 400,
            Self::Invalid
            | Self::LookAgain
            | Self::HashMismatch
            | Self::CannotOpen
            | Self::BadPhoto
            | Self::BadManifest
            | Self::BadSignature
            | Self::UnknownDevice
            | Self::BadEnrolmentCode
            | Self::BadResetSlip => 422,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::WrongMoment
            | Self::Stale
            | Self::LeaseLost
            | Self::OneByOne
            | Self::EventReused
            | Self::ContentConflict
            | Self::PhotoNotReady
            | Self::ResetSlipWaits
            | Self::WrongOffset => 409,
            Self::UploadBusy => 423,
            Self::UploadGone => 410,
            Self::ChecksumMismatch => 460,
            Self::LowSpace | Self::ReadOnly => 507,
            Self::Unavailable => 503,
            Self::UpdateApp => 426,
            Self::Internal => 500,
        }
    }

    /// A short title, and what a person can do about it.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unauthenticated => ("Belum masuk", "Masuk terlebih dahulu."),
            Self::WrongCredentials => (
                "Nama atau kata sandi salah",
                "Periksa nama pengguna dan kata sandi.",
            ),
            Self::TokenExpired => ("Sesi perlu diperbarui", "Aplikasi akan memperbarui sesi."),
            Self::SessionEnded => ("Sesi berakhir", "Masuk kembali."),
            Self::TooManyAttempts => (
                "Terlalu banyak percobaan",
                "Tunggu sebentar, lalu coba lagi.",
            ),
            Self::TooManyRequests => (
                "Terlalu banyak permintaan",
                "Tunggu sebentar, lalu coba lagi.",
            ),
            Self::PasswordExpired => (
                "Kata sandi awal sudah kedaluwarsa",
                "Minta kata sandi awal yang baru kepada admin.",
            ),
            Self::PasswordChangeRequired => (
                "Ganti kata sandi dahulu",
                "Kata sandi ini dipilihkan orang lain; pilih kata sandi sendiri, lalu lanjutkan.",
            ),
            Self::SecondFactorRequired => (
                "Pasang kode masuk dahulu",
                "Peran Anda memerlukan kode dari aplikasi autentikator; pasang di halaman akun, lalu lanjutkan.",
            ),
            Self::StepUpNeeded => (
                "Perlu kode dari aplikasi autentikator",
                "Masukkan kodenya, lalu ulangi; berlaku 30 menit untuk sesi ini.",
            ),
            Self::NotOnPhone => (
                "Peran ini tidak berlaku di HP",
                "Peran yang memakai kode masuk hanya berlaku di konsol. Masuk ke konsol lewat peramban, dengan kode itu.",
            ),
            Self::PendingExpired => (
                "Waktu memasukkan kode sudah habis",
                "Masuk lagi dengan nama pengguna dan kata sandi.",
            ),
            Self::BadResetSlip => (
                "Slip tidak berlaku",
                "Periksa nama pengguna, kode slip, dan kode pengesah bila slip memintanya. Slip berlaku 24 jam dan satu kali; bila perlu, minta yang baru.",
            ),
            Self::ResetSlipWaits => (
                "Slip menunggu persetujuan",
                "Minta pengesah menyetujui slip ini; ia memberi Anda kode pengesah. Lalu isi keduanya di sini.",
            ),
            Self::TwoPersonsNeeded => (
                "Memerlukan orang kedua",
                "Siapa yang memutuskan, mengelola akun, atau mengaudit (juga yang perannya baru berakhir) memilih kata sandi baru dengan slip atur ulang: admin membuat slipnya, pengesah menyetujuinya.",
            ),
            Self::Forbidden => ("Tidak berwenang", "Peran Anda tidak mencakup tindakan ini."),
            Self::BadOrigin => (
                "Permintaan dari alamat lain",
                "Buka konsol dari alamat resminya, lalu ulangi.",
            ),
            Self::NotFound => (
                "Tidak ditemukan",
                "Data tidak ada atau di luar wilayah Anda.",
            ),
            Self::NoSuchRoute => ("Alamat tidak dikenal", "Periksa alamat permintaan."),
            Self::MethodNotAllowed => ("Metode tidak tersedia", "Periksa metode permintaan."),
            Self::Invalid => ("Isian belum benar", "Perbaiki isian yang disebut."),
            Self::LookAgain => (
                "Ada yang perlu diperiksa lagi",
                "Periksa yang disebut, centang bila memang begitu, lalu kirim lagi.",
            ),
            Self::BadBody => (
                "Isi permintaan tidak terbaca",
                "Kirim JSON sesuai bentuk yang diminta.",
            ),
            Self::BadId => (
                "Nomor pengenal tidak sah",
                "Pakai UUID yang diberikan server.",
            ),
            Self::BadQuery => ("Parameter tidak sah", "Periksa parameter pada alamat."),
            Self::BadCursor => (
                "Penanda halaman tidak sah",
                "Mulai lagi dari halaman pertama.",
            ),
            Self::TooLarge => ("Terlalu besar", "Kirim dalam bagian yang lebih kecil."),
            Self::UnsupportedMediaType => ("Jenis isi tidak didukung", "Periksa Content-Type."),
            Self::WrongMoment => (
                "Belum atau tidak lagi bisa",
                "Muat ulang; keadaannya sudah lain.",
            ),
            Self::SeparationOfDuty => (
                "Harus orang lain",
                "Minta orang lain, yang belum terlibat di dalamnya, melakukan ini.",
            ),
            Self::Stale => ("Sudah diubah orang lain", "Muat ulang, lalu putuskan lagi."),
            Self::LeaseLost => (
                "Kasus ini tidak sedang Anda pegang",
                "Ambil kasus ini lagi, atau ambil kasus berikutnya.",
            ),
            Self::OneByOne => (
                "Rumah ini harus ditinjau satu per satu",
                "Buka kasusnya: ada tanda, kunjungan lain, atau jawaban yang perlu dilihat.",
            ),
            Self::EventReused => (
                "Nomor kejadian sudah dipakai",
                "Pakai nomor kejadian yang baru.",
            ),
            Self::ContentConflict => (
                "Nomor sudah dipakai untuk isi lain",
                "Bukti pertama tetap disimpan; laporkan ke koordinator.",
            ),
            Self::WrongOffset => (
                "Posisi unggahan berbeda",
                "Tanyakan posisi terakhir, lalu lanjutkan.",
            ),
            Self::UploadBusy => (
                "Unggahan sedang berjalan",
                "Tunggu dua detik, lalu lanjutkan.",
            ),
            Self::UploadGone => ("Unggahan sudah kedaluwarsa", "Mulai unggahan dari awal."),
            Self::ChecksumMismatch => ("Potongan rusak di jalan", "Kirim ulang potongan ini."),
            Self::HashMismatch => (
                "Isi tidak sama dengan yang diumumkan",
                "Unggah ulang berkas aslinya.",
            ),
            Self::BadUploadHeader => ("Kepala unggahan tidak sah", "Perbarui aplikasi."),
            Self::CannotOpen => (
                "Berkas segel tidak dapat dibuka",
                "Perbarui kunci penyegelan, lalu kirim ulang.",
            ),
            Self::PhotoNotReady => ("Foto sedang disiapkan", "Coba lagi sebentar lagi."),
            Self::BadPhoto => ("Foto tidak dapat diterima", "Ambil ulang foto."),
            Self::BadManifest => (
                "Berita kunjungan tidak terbaca",
                "Kirim ulang dari aplikasi.",
            ),
            Self::BadSignature => (
                "Tanda tangan tidak cocok",
                "Kirim ulang dari HP yang menyegel.",
            ),
            Self::UnknownDevice => ("HP tidak dikenal", "Daftarkan HP ini kepada koordinator."),
            Self::DeviceRevoked => ("HP sudah dicabut", "Hubungi koordinator."),
            Self::BadEnrolmentCode => (
                "Kode pendaftaran tidak berlaku",
                "Minta kode baru kepada koordinator.",
            ),
            Self::BadImport => (
                "Berkas impor tidak terbaca",
                "Periksa baris judul dan pemisah kolom.",
            ),
            Self::LowSpace => (
                "Penyimpanan server hampir penuh",
                "Foto dikirim nanti; kunjungan tetap tercatat.",
            ),
            Self::ReadOnly => (
                "Server hanya bisa dibaca",
                "Coba lagi nanti; data di HP tetap aman.",
            ),
            Self::Unavailable => ("Server sedang tidak siap", "Coba lagi sebentar lagi."),
            Self::UpdateApp => (
                "Aplikasi terlalu lama",
                "Perbarui aplikasi; yang sudah disegel tetap terkirim.",
            ),
            Self::Internal => (
                "Kesalahan di server",
                "Coba lagi; sebutkan nomor rujukan bila berulang.",
            ),
        }
    }
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// The field's path, such as `reasons[0].code`.
    pub field: String,
    /// What is wrong with it, in one word.
    pub code: String,
    /// What to do, in plain Indonesian.
    pub remedy: String,
}

/// The body of every error, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `/problems/<code>`.
    pub r#type: String,
    /// A short title in Indonesian.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What a person can do.
    pub detail: String,
    /// The stable code.
    #[cfg_attr(feature = "openapi", schema(value_type = ProblemCode))]
    pub code: crate::lenient::Lenient<ProblemCode>,
    /// To quote when asking for help.
    pub request_id: String,
    /// The wrong fields, when fields are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// Where an upload stands, when the offset was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_offset: Option<u64>,
    /// The current version, when a lost race is the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<i32>,
}
