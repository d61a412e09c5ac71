/** The words of proposals and of the days on which they are taken. */
import type { Schemas } from '../api.ts';
import { chipOf, wordOf, type Words } from '../labels.ts';

export const proposalChip = chipOf<Schemas['ProposalState']>({
	draft: { word: 'Draf', tone: 'plain', shape: 'ring' },
	submitted: { word: 'Menunggu cek Dukcapil', tone: 'info', shape: 'half' },
	returned: { word: 'Dikembalikan', tone: 'warn', shape: 'back' },
	checked: { word: 'Menunggu musyawarah', tone: 'info', shape: 'dot' },
	deliberated: { word: 'Menunggu verifikasi', tone: 'info', shape: 'half' },
	verified: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	endorsed: { word: 'Disahkan', tone: 'ok', shape: 'half' },
	sent: { word: 'Menunggu pusat', tone: 'info', shape: 'clock' },
	accepted: { word: 'Diterima', tone: 'ok', shape: 'check' },
	rejected: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	withdrawn: { word: 'Ditarik', tone: 'plain', shape: 'bar' },
});

const PROPOSALS: Words<Schemas['ProposalKind']> = {
	new: 'Keluarga baru',
	correction: 'Perbaikan data',
	program: 'Usul bansos',
	removal: 'Usul hapus',
	relocation: 'Pindah wilayah',
	payee_change: 'Ganti pengurus',
	pbi_reactivation: 'Reaktivasi PBI-JK',
};

export const proposalKind = wordOf(PROPOSALS);

export const windowAct = wordOf<Schemas['WindowAct']>({
	...PROPOSALS,
	verification: 'Verifikasi kelayakan',
	deliberation: 'Musyawarah kelurahan',
});

export const windowChip = chipOf<Schemas['WindowState']>({
	waiting: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	in_force: { word: 'Berlaku', tone: 'ok', shape: 'check' },
	refused: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
	withdrawn: { word: 'Ditarik', tone: 'plain', shape: 'back' },
	superseded: { word: 'Diganti', tone: 'plain', shape: 'swap' },
});

/** The states of proposals in the order of their way. */
export const PROPOSAL_STATES: readonly Schemas['ProposalState'][] = [
	'draft',
	'returned',
	'submitted',
	'checked',
	'deliberated',
	'verified',
	'endorsed',
	'sent',
	'accepted',
	'rejected',
	'withdrawn',
];

export const PROPOSAL_KINDS: readonly Schemas['ProposalKind'][] = [
	'new',
	'program',
	'removal',
	'correction',
	'relocation',
	'payee_change',
	'pbi_reactivation',
];

export const WINDOW_ACTS: readonly Schemas['WindowAct'][] = ['verification', 'deliberation', ...PROPOSAL_KINDS];

/** Nothing that comes outside these days is refused: they are of all programs, and not opened again. */
export const REFUSING_NOTHING: readonly string[] = ['verification', 'deliberation'] satisfies readonly Schemas['WindowAct'][];
