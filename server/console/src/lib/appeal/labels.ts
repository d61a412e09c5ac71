/** The words of appeals, objections and their receipts. */
import type { Schemas } from '../api.ts';
import { chipOf, wordOf } from '../labels.ts';

export const appealChip = chipOf<Schemas['FactAppeal']>({
	none: { word: 'Tidak diragukan', tone: 'plain', shape: 'dot' },
	filed: { word: 'Keberatan berjalan', tone: 'warn', shape: 'half' },
	upheld: { word: 'Keberatan benar', tone: 'ok', shape: 'check' },
	dismissed: { word: 'Keberatan ditolak', tone: 'bad', shape: 'cross' },
});

export const appealStateChip = chipOf<Schemas['AppealState']>({
	filed: { word: 'Menunggu diperiksa', tone: 'warn', shape: 'clock' },
	examined: { word: 'Menunggu putusan', tone: 'info', shape: 'half' },
	upheld: { word: 'Diterima', tone: 'ok', shape: 'check' },
	dismissed: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	withdrawn: { word: 'Dicabut', tone: 'plain', shape: 'bar' },
});

export const objectionChip = chipOf<Schemas['ObjectionState']>({
	filed: { word: 'Menunggu jawaban', tone: 'warn', shape: 'clock' },
	admitted: { word: 'Diterima untuk diperiksa', tone: 'ok', shape: 'check' },
	rejected: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	lapsed: { word: 'Kedaluwarsa', tone: 'plain', shape: 'bar' },
});

export const objectionKind = wordOf<Schemas['ObjectionKind']>({ recipient: 'Penerima tidak layak', left_out: 'Keluarga terlewat' });

/** The stage of whatever a receipt was given for. */
export const receiptChip = chipOf<Schemas['ReceiptState']>({
	filed: { word: 'Menunggu diperiksa', tone: 'warn', shape: 'clock' },
	examined: { word: 'Menunggu putusan', tone: 'info', shape: 'half' },
	upheld: { word: 'Diterima', tone: 'ok', shape: 'check' },
	dismissed: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	withdrawn: { word: 'Dicabut', tone: 'plain', shape: 'bar' },
	admitted: { word: 'Diterima untuk diperiksa', tone: 'ok', shape: 'half' },
	checked: { word: 'Sudah diperiksa', tone: 'ok', shape: 'check' },
	rejected: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	lapsed: { word: 'Kedaluwarsa', tone: 'plain', shape: 'bar' },
});

export const appellant = wordOf({ recipient: 'penerima', family: 'anggota keluarga', proxy: 'kuasa keluarga' });

export const restored = wordOf({ slot: 'dalam kuota', beside_quota: 'di luar kuota, sampai ada tempat kosong' });
