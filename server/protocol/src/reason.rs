//! Reason codes: strings on the wire, so that a city's own list can grow. The lists here are the ones Tilik ships;
//! a code outside them is refused where somebody types it and kept where a machine sends it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// A reason code such as `ATAP_TERPOTONG`: 1 to 64 of `A-Z 0-9 _`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonCode(Cow<'static, str>);

/// The text was not a reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reason code (1 to 64 of A-Z, 0-9 and _)")]
pub struct BadReasonCode;

impl ReasonCode {
    /// One of the shipped codes.
    pub const fn known(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of `list`.
    pub fn is_in(&self, list: &[&str]) -> bool {
        list.contains(&self.as_str())
    }
}

impl std::str::FromStr for ReasonCode {
    type Err = BadReasonCode;
    fn from_str(text: &str) -> Result<Self, BadReasonCode> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if fits {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(BadReasonCode)
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReasonCode({})", self.0)
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(ReasonCode, String, {
    lower: |code| code.0.into_owned(),
    try_lift: |text| Ok(text.parse()?),
});

/// Why evidence goes back to the phone, and the words a person reads.
pub const RETURN_REASONS: &[(&str, &str)] = &[
    ("FOTO_BURAM", "Foto buram"),
    ("FOTO_BUKAN_TAMPAK_DEPAN", "Foto bukan tampak depan rumah"),
    ("ATAP_TERPOTONG", "Atap terpotong"),
    ("LANTAI_TIDAK_TERLIHAT", "Lantai tidak terlihat"),
    ("FOTO_GELAP", "Foto terlalu gelap"),
    ("FOTO_DUPLIKAT", "Foto sama dengan rumah lain"),
    ("FOTO_DARI_LAYAR", "Foto diambil dari layar atau cetakan"),
    ("AKURASI_RENDAH", "Akurasi lokasi rendah"),
    ("LUAR_KELURAHAN", "Titik di luar kelurahan"),
    ("JAUH_DARI_TITIK_SEBELUMNYA", "Jauh dari titik sebelumnya"),
    ("WAKTU_TIDAK_WAJAR", "Waktu tidak wajar"),
    ("IDENTITAS_TIDAK_COCOK", "Identitas tidak cocok"),
    ("JAWABAN_TIDAK_KONSISTEN", "Jawaban tidak konsisten"),
    ("DOKUMEN_KURANG", "Dokumen kurang"),
];

/// Return reasons that a front of two halves (gang sempit) is not given: where no camera can stand back far enough, roof
/// and floor cannot both be in the picture.
pub const NOT_OF_NARROW_FRONTS: [&str; 2] = ["ATAP_TERPOTONG", "LANTAI_TIDAK_TERLIHAT"];

/// Why a membership is cancelled or put on hold, group by group ([`EXCLUSION_GROUPS`]).
pub const EXCLUSION_REASONS: &[(&str, &str)] = &[
    ("MENINGGAL", "Meninggal dunia"),
    ("PINDAH_LUAR", "Pindah keluar kota"),
    ("ALAMAT_TIDAK_DITEMUKAN", "Alamat tidak ditemukan"),
    ("TIDAK_DAPAT_DITEMUI", "Tidak dapat ditemui"),
    ("TIDAK_LAYAK_DAERAH", "Dinilai tidak layak oleh daerah"),
    (
        "TIDAK_LAYAK_GIS",
        "Tidak layak menurut foto dan lokasi rumah",
    ),
    ("MAMPU_DESIL", "Desil di atas batas program"),
    ("NIK_TIDAK_PADAN", "NIK/KK tidak padan"),
    ("GANDA", "NIK atau keluarga ganda"),
    ("TANPA_KOMPONEN", "Komponen PKH tidak ada lagi"),
    ("ASN_TNI_POLRI", "ASN, TNI atau Polri"),
    ("KK_ASN_TNI_POLRI", "Anggota keluarga ASN, TNI atau Polri"),
    ("PENSIUNAN_ASN", "Pensiunan ASN"),
    ("PENGHASILAN_APBN_APBD", "Penghasilan tetap dari APBN/APBD"),
    ("PERANGKAT_DESA", "Perangkat desa"),
    ("GURU_SERTIFIKASI", "Guru bersertifikasi"),
    ("NAKES", "Tenaga kesehatan bergaji tetap"),
    (
        "PENGURUS_PERUSAHAAN",
        "Tercatat sebagai pengurus perusahaan",
    ),
    ("UPAH_DI_ATAS_UMK", "Upah di atas UMK"),
    ("OVERLAP_SDM_KESOS", "Penerima adalah petugas sosial"),
    ("MENOLAK", "Menolak atau mengundurkan diri"),
    ("BANTUAN_LAIN", "Sudah menerima bantuan dari pihak lain"),
    ("TIDAK_TRANSAKSI", "Bantuan tidak diambil"),
    ("GAGAL_REKENING", "Gagal buka rekening"),
    ("PENYALAHGUNAAN", "Penyalahgunaan bantuan"),
    ("TIDAK_MEMENUHI_HUKUM", "Tidak memenuhi ketentuan lain"),
];

/// The headings of [`EXCLUSION_REASONS`], each with how many of them stand under it, in their order.
pub const EXCLUSION_GROUPS: &[(&str, usize)] = &[
    ("Meninggal, pindah, atau tidak ditemukan", 4),
    ("Sudah mampu", 3),
    ("Data", 3),
    ("Pekerjaan dan penghasilan", 10),
    ("Lainnya", 6),
];

/// Why a case is closed without a decision.
pub const CLOSE_REASONS: &[(&str, &str)] = &[
    ("MENINGGAL", "Meninggal dunia"),
    ("PINDAH_LUAR", "Pindah keluar kota"),
    ("GANDA", "Kasus ganda"),
    ("SALAH_BUKA", "Kasus dibuka karena keliru"),
    ("KEANGGOTAAN_BERAKHIR", "Kepesertaan sudah berakhir"),
];

/// Why an import that waits is refused.
pub const IMPORT_REFUSALS: &[(&str, &str)] = &[
    ("TANPA_DASAR", "Tidak ada dokumen yang mendasarinya"),
    ("SALAH_BERKAS", "Berkas keliru atau bukan yang terbaru"),
    ("DATA_MERAGUKAN", "Isinya meragukan dan perlu diperiksa"),
    ("DI_LUAR_KUOTA", "Melampaui atau tidak sesuai kuota"),
];

/// Why an approver refuses what was proposed about a membership.
pub const PROPOSAL_REFUSALS: &[(&str, &str)] = &[
    ("BUKTI_KURANG", "Bukti belum cukup"),
    ("BUKTI_TIDAK_SESUAI", "Bukti tidak sesuai dengan alasan"),
    ("ALASAN_KELIRU", "Alasan yang dipilih keliru"),
    ("DOKUMEN_KURANG", "Dokumen kurang"),
    ("PERLU_KUNJUNGAN_ULANG", "Perlu dikunjungi kembali"),
    ("MASIH_LAYAK", "Keluarga masih layak"),
    ("TIDAK_LAYAK_LAGI", "Keluarga tidak layak lagi"),
];

/// Why a population event has no effect here.
pub const EVENT_DISMISSALS: &[(&str, &str)] = &[
    (
        "ORANG_LAIN",
        "Orang lain, bukan warga yang tercatat di sini",
    ),
    ("SUDAH_TERCATAT", "Sudah tercatat dengan cara lain"),
    ("PERISTIWA_KELIRU", "Peristiwanya keliru menurut Dukcapil"),
    ("BUKAN_WILAYAH_INI", "Bukan warga kota ini"),
];

/// Why a batch of population events is refused as a whole.
pub const BATCH_REFUSALS: &[(&str, &str)] = &[
    ("KIRIMAN_KELIRU", "Kiriman keliru menurut Dukcapil"),
    ("UJI_COBA", "Kiriman uji coba"),
    ("DIKIRIM_ULANG", "Akan dikirim ulang dengan benar"),
];

/// Why a village sends a family back that was said to have moved there.
pub const MOVE_RETURNS: &[(&str, &str)] = &[
    (
        "TIDAK_TINGGAL_DI_SINI",
        "Keluarga tidak tinggal di kelurahan ini",
    ),
    ("ALAMAT_TIDAK_ADA", "Alamat barunya tidak ada"),
    ("KELURAHAN_KELIRU", "Pindah ke kelurahan lain"),
    ("BELUM_PINDAH", "Keluarga belum pindah"),
];

/// Why somebody asks for a visit to a family.
pub const VISIT_REASONS: &[(&str, &str)] = &[
    ("FOTO_LAMA", "Foto rumah sudah lama atau belum ada"),
    ("KEADAAN_BERUBAH", "Keadaan rumah atau keluarga berubah"),
    ("DATA_TIDAK_COCOK", "Data tidak cocok dengan keadaan"),
    ("LAPORAN_WARGA", "Ada laporan atau sanggahan warga"),
    ("KABAR_PINDAH", "Ada kabar keluarga pindah"),
    ("KABAR_MENINGGAL", "Ada kabar penerima meninggal"),
    ("BUKTI_MERAGUKAN", "Bukti kunjungan terakhir meragukan"),
];

/// Why an approver refuses a role that somebody was given.
pub const GRANT_REFUSALS: &[(&str, &str)] = &[
    (
        "DOKUMEN_TIDAK_COCOK",
        "Nomor dokumen tidak ada atau tidak cocok",
    ),
    ("ORANG_KELIRU", "Bukan orang yang ditunjuk"),
    ("PERAN_KELIRU", "Peran keliru atau terlalu luas"),
    ("WILAYAH_KELIRU", "Wilayah keliru atau terlalu luas"),
    ("MASA_KELIRU", "Masa berlaku keliru"),
    ("TIDAK_DIPERLUKAN", "Tidak diperlukan lagi"),
];

/// Why a family that the rules chose is taken out of a plan by hand.
pub const PLAN_EXCEPTIONS: &[(&str, &str)] = &[
    ("BARU_DIKUNJUNGI", "Baru saja dikunjungi"),
    ("SEDANG_PERGI", "Keluarga sedang pergi"),
    ("KABAR_PINDAH", "Ada kabar keluarga pindah"),
    ("KABAR_MENINGGAL", "Ada kabar penerima meninggal"),
    ("BELUM_TERJANGKAU", "Rumah belum dapat didatangi bulan ini"),
];

/// Why an approver refuses a rule of eligibility.
pub const RULE_REFUSALS: &[(&str, &str)] = &[
    ("TANPA_DASAR", "Tidak ada dokumen yang mendasarinya"),
    ("AMBANG_KELIRU", "Ambang atau batasnya keliru"),
    (
        "DAMPAK_MERAGUKAN",
        "Dampaknya meragukan dan perlu diperiksa",
    ),
    ("BELUM_WAKTUNYA", "Belum waktunya berlaku"),
];

/// Why a family whose evaluation fails is left where it is, after somebody looked.
pub const PREPARED_DISMISSALS: &[(&str, &str)] = &[
    (
        "TETAP_LAYAK_DIPERIKSA",
        "Sudah diperiksa, keluarga tetap layak",
    ),
    ("FAKTA_KELIRU", "Faktanya keliru dan sedang diperbaiki"),
    ("SUDAH_DITANGANI", "Sudah ditangani dengan cara lain"),
];

/// Why a proposal for the registry or a program is rejected.
pub const PROPOSAL_REJECTIONS: &[(&str, &str)] = &[
    ("NIK_TIDAK_PADAN", "NIK tidak padan dengan Dukcapil"),
    ("SUDAH_TERDAFTAR", "Sudah terdaftar"),
    ("KUOTA_PENUH", "Kuota penuh"),
    ("DESIL_TIDAK_SESUAI", "Desil tidak sesuai batas program"),
    (
        "TANPA_BA_MUSKEL",
        "Tanpa berita acara musyawarah kelurahan atau SPTJM",
    ),
    ("FOTO_TIDAK_SESUAI", "Foto atau titik lokasi tidak sesuai"),
    ("DI_LUAR_WILAYAH", "Keluarga di luar wilayah ini"),
    ("PERIODE_TUTUP", "Diajukan di luar jadwal"),
    ("DITOLAK_PUSAT", "Ditolak oleh pusat"),
    // The city's own: the decree has no word for a deliberation that says no.
    ("DITOLAK_MUSKEL", "Tidak disetujui musyawarah kelurahan"),
    // Of a removal, after the house was seen.
    ("MASIH_LAYAK", "Masih layak menurut verifikasi"),
];

/// Why somebody who was taken off the health insurance is to be brought back (Permensos 3/2026, article 20).
pub const REACTIVATION_REASONS: &[(&str, &str)] = &[
    ("MASIH_MISKIN", "Masih miskin atau rentan miskin"),
    ("PENYAKIT_KRONIS", "Penyakit kronis atau katastropik"),
    ("DARURAT_MEDIS", "Darurat medis yang mengancam jiwa"),
    ("BELUM_DTSEN", "Belum tercatat di DTSEN"),
    ("BAYI_PESERTA_PBI", "Bayi dari ibu peserta PBI-JK"),
];

/// Why what BPJS said has no effect here, or needs nothing more to be done.
pub const HEALTH_DISMISSALS: &[(&str, &str)] = &[
    (
        "ORANG_LAIN",
        "Orang lain, bukan warga yang tercatat di sini",
    ),
    ("BUKAN_WILAYAH_INI", "Bukan warga kota ini"),
    ("DATA_KELIRU", "Datanya keliru menurut BPJS"),
    ("TIDAK_MENGAJUKAN", "Orangnya tidak minta diaktifkan lagi"),
    ("SUDAH_DITANGANI", "Sudah ditangani dengan cara lain"),
];

/// Why a proposal goes back to who proposed it.
pub const PROPOSAL_RETURNS: &[(&str, &str)] = &[
    ("NIK_TIDAK_PADAN", "NIK tidak padan dengan Dukcapil"),
    ("DATA_BELUM_LENGKAP", "Data belum lengkap"),
    ("DOKUMEN_KURANG", "Dokumen kurang"),
    ("FOTO_TIDAK_SESUAI", "Foto atau titik lokasi tidak sesuai"),
    ("PERLU_KUNJUNGAN", "Perlu dikunjungi petugas dahulu"),
];

/// Why a deliberation does not agree to a name.
pub const DELIBERATION_REFUSALS: &[(&str, &str)] = &[
    ("DINILAI_MAMPU", "Dinilai mampu"),
    ("BUKAN_WARGA", "Tidak tinggal di kelurahan ini"),
    ("MENINGGAL", "Meninggal dunia"),
    ("PINDAH_LUAR", "Pindah keluar kota"),
    ("BANTUAN_LAIN", "Sudah menerima bantuan dari pihak lain"),
    ("DATA_MERAGUKAN", "Isinya meragukan dan perlu diperiksa"),
];

/// Why a letter is revoked.
pub const LETTER_REVOCATIONS: &[(&str, &str)] = &[
    ("DATA_SALAH", "Data pada surat salah"),
    ("DATA_BERUBAH", "Data warga sudah berubah"),
    ("SALAH_ORANG", "Surat untuk orang yang salah"),
    ("DIGANTI", "Diganti dengan surat lain"),
    ("DISALAHGUNAKAN", "Surat disalahgunakan"),
    (
        "KEPUTUSAN_DIBATALKAN",
        "Keputusan yang mendasarinya dibatalkan",
    ),
];

/// Why an appeal of a family is upheld.
pub const APPEAL_UPHELD: &[(&str, &str)] = &[
    ("DATA_SALAH", "Data yang dipakai ternyata salah"),
    ("ORANG_LAIN", "Yang dimaksud orang atau keluarga lain"),
    ("BUKTI_BARU", "Ada bukti baru yang meyakinkan"),
    ("KEADAAN_BERUBAH", "Keadaan rumah atau keluarga berubah"),
    ("TATA_CARA_KELIRU", "Tata cara keputusan tidak diikuti"),
];

/// Why an appeal of a family is dismissed.
pub const APPEAL_DISMISSED: &[(&str, &str)] = &[
    ("ALASAN_TERBUKTI", "Alasan pembatalan terbukti benar"),
    ("BUKTI_KURANG", "Bukti belum cukup"),
    ("BUKAN_KEWENANGAN", "Diputus pusat, bukan oleh daerah"),
];

/// Why an objection of a citizen is not looked into, in words that the citizen is told.
pub const OBJECTION_REJECTIONS: &[(&str, &str)] = &[
    (
        "KETERANGAN_KURANG",
        "Keterangannya belum cukup untuk diperiksa",
    ),
    (
        "KELUARGA_TIDAK_DITEMUKAN",
        "Keluarga yang dimaksud tidak ditemukan di alamat itu",
    ),
    (
        "BELUM_TERDAFTAR",
        "Keluarga belum terdaftar; daftarkan dahulu di kantor kelurahan",
    ),
    (
        "BARU_DIPERIKSA",
        "Keluarga ini baru saja diperiksa di rumahnya",
    ),
    ("SANGGAHAN_SAMA", "Sanggahan yang sama sedang ditangani"),
    ("BUKAN_KEWENANGAN", "Diputus pusat, bukan oleh daerah"),
];

/// The Indonesian words of a shipped code, or the code itself.
pub fn label(code: &ReasonCode) -> &str {
    RETURN_REASONS
        .iter()
        .chain(EXCLUSION_REASONS)
        .chain(CLOSE_REASONS)
        .chain(IMPORT_REFUSALS)
        .chain(PROPOSAL_REFUSALS)
        .chain(VISIT_REASONS)
        .chain(GRANT_REFUSALS)
        .chain(PLAN_EXCEPTIONS)
        .chain(RULE_REFUSALS)
        .chain(PREPARED_DISMISSALS)
        .chain(PROPOSAL_REJECTIONS)
        .chain(PROPOSAL_RETURNS)
        .chain(REACTIVATION_REASONS)
        .chain(HEALTH_DISMISSALS)
        .chain(DELIBERATION_REFUSALS)
        .chain(LETTER_REVOCATIONS)
        .chain(APPEAL_UPHELD)
        .chain(APPEAL_DISMISSED)
        .chain(OBJECTION_REJECTIONS)
        .find(|(known, _)| *known == code.as_str())
        .map_or(code.as_str(), |(_, words)| words)
}

/// The heading of an exclusion reason; the other lists are short and have none.
pub fn group(code: &ReasonCode) -> Option<&'static str> {
    let at = EXCLUSION_REASONS
        .iter()
        .position(|(known, _)| *known == code.as_str())?;
    let mut end = 0;
    EXCLUSION_GROUPS.iter().find_map(|(words, n)| {
        end += n;
        (at < end).then_some(*words)
    })
}

/// Whether `code` is in one of the shipped lists.
pub fn is_listed(code: &ReasonCode, list: &[(&str, &str)]) -> bool {
    list.iter().any(|(known, _)| *known == code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exclusion_reason_stands_under_one_heading() {
        let grouped: usize = EXCLUSION_GROUPS.iter().map(|(_, n)| n).sum();
        assert_eq!(grouped, EXCLUSION_REASONS.len());
        let headed = EXCLUSION_REASONS
            .iter()
            .map(|(code, _)| group(&ReasonCode::known(code)));
        let mut headed: Vec<_> = headed.map(Option::unwrap).collect();
        headed.dedup();
        let headings: Vec<_> = EXCLUSION_GROUPS.iter().map(|(words, _)| *words).collect();
        assert_eq!(headed, headings);
        for (code, heading) in [
            (
                "TIDAK_DAPAT_DITEMUI",
                "Meninggal, pindah, atau tidak ditemukan",
            ),
            ("MAMPU_DESIL", "Sudah mampu"),
            ("TANPA_KOMPONEN", "Data"),
            ("OVERLAP_SDM_KESOS", "Pekerjaan dan penghasilan"),
        ] {
            assert_eq!(group(&ReasonCode::known(code)), Some(heading));
        }
        assert_eq!(group(&ReasonCode::known("ATAP_TERPOTONG")), None);
    }
}
