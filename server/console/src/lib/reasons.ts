/** The reason codes Tilik ships, with their words, in the order of the protocol's lists. */

export interface Reason {
	readonly code: string;
	readonly label: string;
}

/** Why evidence goes back to the phone. */
export const RETURN_REASONS: readonly Reason[] = [
	{ code: 'FOTO_BURAM', label: 'Foto buram' },
	{ code: 'FOTO_BUKAN_TAMPAK_DEPAN', label: 'Foto bukan tampak depan rumah' },
	{ code: 'ATAP_TERPOTONG', label: 'Atap terpotong' },
	{ code: 'LANTAI_TIDAK_TERLIHAT', label: 'Lantai tidak terlihat' },
	{ code: 'FOTO_GELAP', label: 'Foto terlalu gelap' },
	{ code: 'FOTO_DUPLIKAT', label: 'Foto sama dengan rumah lain' },
	{ code: 'FOTO_DARI_LAYAR', label: 'Foto diambil dari layar atau cetakan' },
	{ code: 'AKURASI_RENDAH', label: 'Akurasi lokasi rendah' },
	{ code: 'LUAR_KELURAHAN', label: 'Titik di luar kelurahan' },
	{ code: 'JAUH_DARI_TITIK_SEBELUMNYA', label: 'Jauh dari titik sebelumnya' },
	{ code: 'WAKTU_TIDAK_WAJAR', label: 'Waktu tidak wajar' },
	{ code: 'IDENTITAS_TIDAK_COCOK', label: 'Identitas tidak cocok' },
	{ code: 'JAWABAN_TIDAK_KONSISTEN', label: 'Jawaban tidak konsisten' },
	{ code: 'DOKUMEN_KURANG', label: 'Dokumen kurang' },
];

/** Why a membership is cancelled or put on hold. */
export const EXCLUSION_REASONS: readonly Reason[] = [
	{ code: 'MENINGGAL', label: 'Meninggal dunia' },
	{ code: 'PINDAH_LUAR', label: 'Pindah keluar kota' },
	{ code: 'ALAMAT_TIDAK_DITEMUKAN', label: 'Alamat tidak ditemukan' },
	{ code: 'TIDAK_DAPAT_DITEMUI', label: 'Tidak dapat ditemui' },
	{ code: 'NIK_TIDAK_PADAN', label: 'NIK/KK tidak padan' },
	{ code: 'GANDA', label: 'NIK atau keluarga ganda' },
	{ code: 'MAMPU_DESIL', label: 'Desil di atas batas program' },
	{ code: 'TIDAK_LAYAK_DAERAH', label: 'Dinilai tidak layak oleh daerah' },
	{ code: 'TIDAK_LAYAK_GIS', label: 'Tidak layak menurut foto dan lokasi rumah' },
	{ code: 'ASN_TNI_POLRI', label: 'ASN, TNI atau Polri' },
	{ code: 'KK_ASN_TNI_POLRI', label: 'Anggota keluarga ASN, TNI atau Polri' },
	{ code: 'PENSIUNAN_ASN', label: 'Pensiunan ASN' },
	{ code: 'PENGHASILAN_APBN_APBD', label: 'Penghasilan tetap dari APBN/APBD' },
	{ code: 'PERANGKAT_DESA', label: 'Perangkat desa' },
	{ code: 'GURU_SERTIFIKASI', label: 'Guru bersertifikasi' },
	{ code: 'NAKES', label: 'Tenaga kesehatan bergaji tetap' },
	{ code: 'PENGURUS_PERUSAHAAN', label: 'Tercatat sebagai pengurus perusahaan' },
	{ code: 'UPAH_DI_ATAS_UMK', label: 'Upah di atas UMK' },
	{ code: 'OVERLAP_SDM_KESOS', label: 'Penerima adalah petugas sosial' },
	{ code: 'GAGAL_REKENING', label: 'Gagal buka rekening' },
	{ code: 'TIDAK_TRANSAKSI', label: 'Bantuan tidak diambil' },
	{ code: 'PENYALAHGUNAAN', label: 'Penyalahgunaan bantuan' },
	{ code: 'TANPA_KOMPONEN', label: 'Komponen PKH tidak ada lagi' },
	{ code: 'MENOLAK', label: 'Menolak atau mengundurkan diri' },
	{ code: 'BANTUAN_LAIN', label: 'Sudah menerima bantuan dari pihak lain' },
	{ code: 'TIDAK_MEMENUHI_HUKUM', label: 'Tidak memenuhi ketentuan lain' },
];

/** Why a case is closed without a decision. */
export const CLOSE_REASONS: readonly Reason[] = [
	{ code: 'MENINGGAL', label: 'Meninggal dunia' },
	{ code: 'PINDAH_LUAR', label: 'Pindah keluar kota' },
	{ code: 'GANDA', label: 'Kasus ganda' },
	{ code: 'SALAH_BUKA', label: 'Kasus dibuka karena keliru' },
	{ code: 'KEANGGOTAAN_BERAKHIR', label: 'Kepesertaan sudah berakhir' },
];

/** Why an import that waits is refused. */
export const IMPORT_REFUSALS: readonly Reason[] = [
	{ code: 'TANPA_DASAR', label: 'Tidak ada dokumen yang mendasarinya' },
	{ code: 'SALAH_BERKAS', label: 'Berkas keliru atau bukan yang terbaru' },
	{ code: 'DATA_MERAGUKAN', label: 'Isinya meragukan dan perlu diperiksa' },
	{ code: 'DI_LUAR_KUOTA', label: 'Melampaui atau tidak sesuai kuota' },
];

/** Why an approver refuses what was proposed. */
export const PROPOSAL_REFUSALS: readonly Reason[] = [
	{ code: 'BUKTI_KURANG', label: 'Bukti belum cukup' },
	{ code: 'BUKTI_TIDAK_SESUAI', label: 'Bukti tidak sesuai dengan alasan' },
	{ code: 'ALASAN_KELIRU', label: 'Alasan yang dipilih keliru' },
	{ code: 'DOKUMEN_KURANG', label: 'Dokumen kurang' },
	{ code: 'PERLU_KUNJUNGAN_ULANG', label: 'Perlu dikunjungi kembali' },
	{ code: 'MASIH_LAYAK', label: 'Keluarga masih layak' },
	{ code: 'TIDAK_LAYAK_LAGI', label: 'Keluarga tidak layak lagi' },
];

const words = new Map(
	[...PROPOSAL_REFUSALS, ...CLOSE_REASONS, ...IMPORT_REFUSALS, ...RETURN_REASONS, ...EXCLUSION_REASONS].map(
		({ code, label }) => [code, label],
	),
);

/** A code's words, or the code: a city's own list may be longer. */
export function reason(code: string): string {
	return words.get(code) ?? code;
}
