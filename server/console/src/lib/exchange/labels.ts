/** The words of imports and exports. */
import type { Schemas } from '../api.ts';
import { chipOf, wordOf } from '../labels.ts';

export const importChip = chipOf<Schemas['ImportState']>({
	running: { word: 'Sedang dibaca', tone: 'info', shape: 'half' },
	done: { word: 'Selesai', tone: 'ok', shape: 'check' },
	waiting: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	in_force: { word: 'Berlaku', tone: 'ok', shape: 'check' },
	refused: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	rehearsing: { word: 'Sedang diuji coba', tone: 'info', shape: 'half' },
	rehearsed: { word: 'Belum diterapkan', tone: 'warn', shape: 'clock' },
	applying: { word: 'Sedang diterapkan', tone: 'info', shape: 'half' },
	discarded: { word: 'Dibuang', tone: 'plain', shape: 'bar' },
});

export const importKind = wordOf<Schemas['ImportKind']>({
	regions: 'Wilayah',
	boundaries: 'Batas wilayah',
	programs: 'Program',
	quotas: 'Kuota',
	families: 'Keluarga',
	memberships: 'Kepesertaan',
	waitlist: 'Daftar tunggu',
	decree: 'SK Kemensos',
	pins: 'Titik lokasi lama',
	health: 'Status JKN dari BPJS',
});

export const exportKind = wordOf<Schemas['ExportKind']>({
	recipients: 'Penerima bantuan',
	families: 'Keluarga dan anggota',
	waitlist: 'Daftar tunggu',
	quotas: 'Kuota dan pemakaiannya',
	worklist: 'Daftar SIKS-NG',
	pins: 'Titik rumah (GeoJSON)',
	replacements: 'Penggantian penerima',
});
