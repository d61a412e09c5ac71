/** What waits for whoever is signed in. */
import { number as count } from '../format.ts';

export const tasks = {
	title: 'Tugas saya',
	lead: 'Yang menunggu Anda, yang paling lama lebih dahulu.',
	none: 'Tidak ada yang menunggu Anda',
	noneText: 'Tugas baru muncul di sini dengan sendirinya.',
	kinds: {
		assign: 'Kasus tanpa petugas',
		review: 'Bukti kunjungan menunggu tinjauan',
		decide: 'Keluarga menunggu keputusan Anda',
		confirm: 'Usulan menunggu pengesahan Anda',
		deliver: 'Surat pemberitahuan belum sampai',
		apply_import: 'Berkas sudah diuji coba dan belum diterapkan',
		confirm_import: 'Impor menunggu pengesahan Anda',
		confirm_grant: 'Peran menunggu pengesahan Anda',
		release_slip: 'Slip kata sandi menunggu pengesahan Anda',
	},
	actions: {
		assign: 'Tugaskan',
		review: 'Mulai meninjau',
		decide: 'Buka yang menunggu keputusan',
		confirm: 'Buka pengesahan',
		deliver: 'Buka penerima',
		apply_import: 'Buka impor',
		confirm_import: 'Buka pengesahan impor',
		confirm_grant: 'Buka pengesahan peran',
		release_slip: 'Buka pengesahan slip',
	},
	list: (kind: string) => `Yang paling lama: ${kind}`,
	columns: { about: 'Tentang', region: 'Wilayah', since: 'Menunggu sejak', due: 'Batas waktu' },
	overdue: (n: number) => `${count(n)} lewat batas waktu`,
	late: 'lewat',
	noDue: 'Tidak ada',
	more: (n: number) => `dan ${count(n)} lagi`,
	asOf: (when: string) => `Keadaan pada ${when}`,
} as const;
