/** What is new, by version and for whom. The newest first; a version that was told once is never changed. */
import type { Schemas } from '../api.ts';

type Role = Schemas['Role'];

export interface Item {
	readonly roles: readonly Role[];
	readonly title: string;
	readonly text: string;
}

export interface Release {
	/** What the server keeps of who was told. */
	readonly version: string;
	/** The region's day on which it came. */
	readonly day: string;
	readonly items: readonly Item[];
}

const READERS: readonly Role[] = ['supervisor', 'operator', 'verifier', 'approver', 'signatory', 'auditor'];

export const RELEASES: readonly Release[] = [
	{
		version: '2026.11.2',
		day: '2026-11-28',
		items: [
			{
				roles: ['operator', 'verifier'],
				title: 'Tombol angka alasan pembatalan bergeser',
				text: 'Alasan tidak layak kini dikelompokkan menurut sebabnya, sehingga sebagian angkanya lain: 5 Dinilai tidak layak oleh daerah, 6 Tidak layak menurut foto dan lokasi rumah, 8 NIK/KK tidak padan, 9 NIK atau keluarga ganda, 0 Komponen PKH tidak ada lagi. Angka 1 sampai 4 dan 7 tetap. Alasan pengembalian pada tinjauan tidak berubah.',
			},
			{
				roles: READERS,
				title: 'Arti tanda pada peta',
				text: 'Warna dan bentuk pada Peta kini dijelaskan di bawahnya; di HP, ketuk “Arti tanda” untuk membukanya.',
			},
		],
	},
	{
		version: '2026.11',
		day: '2026-11-28',
		items: [
			{
				roles: ['supervisor'],
				title: 'Lembar dan rencana kunjungan',
				text: 'Di Tinjau, Lembar menampilkan dua belas rumah tanpa tanda sekaligus. Di Kasus, Rencana kunjungan dipilih server menurut aturan sampai kapasitas tiap petugas, lalu dibuka dan ditugaskan sekaligus.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Penerima bulan ini',
				text: 'Penerima kini dimulai dengan semua penerima kelurahan Anda bulan ini dan sejauh mana tiap keluarga: dikunjungi, ditinjau, diputuskan. Kunjungan dapat diminta dari sana.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Yang berubah sejak bulan lalu',
				text: 'Di Penerima, setiap keluarga menunjukkan apa yang berubah sejak keputusan sebelumnya: titik rumah, jawaban, desil, anggota keluarga, program, dan foto. Yang tidak berubah juga dikatakan.',
			},
			{
				roles: ['approver'],
				title: 'Pengganti (Plh./Plt.)',
				text: 'Di Akun saya, tunjuk pengganti untuk beberapa hari dengan nomor surat perintahnya. Pengesahannya tercatat “Plh.” untuk Anda dan berakhir sendiri.',
			},
			{
				roles: ['auditor'],
				title: 'Jejak menurut tanggal',
				text: 'Jejak kini menampilkan yang terbaru dahulu, dapat disaring dari tanggal sampai tanggal, dan menyebut untuk siapa seorang pengganti berbuat.',
			},
			{
				roles: ['admin'],
				title: 'Mencari pengguna',
				text: 'Pengguna dicari menurut nama, peran, dan keadaan langsung di server, halaman demi halaman. Peran pengesah dapat diusulkan sebagai pengganti (Plh./Plt.).',
			},
			{
				roles: READERS,
				title: 'Peta keluarga',
				text: 'Peta menunjukkan semua keluarga di wilayah Anda menurut keadaannya, dari kelompok sampai satu rumah, dengan daftar yang sama isinya.',
			},
		],
	},
];

export const news = {
	title: 'Apa yang baru',
	lead: 'Yang berubah untuk peran Anda, versi demi versi.',
	version: (version: string, day: string) => `Versi ${version}, ${day}`,
	badge: 'Baru',
	close: 'Mengerti',
	again: 'Dapat dibaca lagi di Akun saya, Apa yang baru.',
	none: 'Belum ada yang baru untuk peran Anda',
	noneText: 'Perubahan yang menyangkut peran Anda akan tertulis di sini.',
} as const;
