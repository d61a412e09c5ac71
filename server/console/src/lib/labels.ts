/** Official Indonesian words for the server's words. A word that is not known here is shown as it came. */
import type { Schemas } from './api.ts';
import type { Role } from './session.svelte.ts';

export type Tone = 'info' | 'ok' | 'warn' | 'bad' | 'plain';
export type Shape = 'ring' | 'dot' | 'half' | 'clock' | 'check' | 'back' | 'cross' | 'bar' | 'triangle' | 'swap';

export interface Chip {
	readonly word: string;
	readonly tone: Tone;
	readonly shape: Shape;
}

type CaseState = Schemas['CaseState'];
type MembershipState = Schemas['MembershipState'];
export type Words<Key extends string> = Readonly<Record<Key, string>>;

export function wordOf<Key extends string>(words: Words<Key>): (key: string) => string {
	const all: Readonly<Record<string, string>> = words;
	return (key) => (Object.hasOwn(all, key) ? all[key] : undefined) ?? key;
}

export function chipOf<Key extends string>(chips: Readonly<Record<Key, Chip>>): (key: string) => Chip {
	const all: Readonly<Record<string, Chip>> = chips;
	return (key) => (Object.hasOwn(all, key) ? all[key] : undefined) ?? { word: key, tone: 'plain', shape: 'dot' };
}

export const caseChip = chipOf<CaseState>({
	open: { word: 'Terbuka', tone: 'plain', shape: 'ring' },
	assigned: { word: 'Ditugaskan', tone: 'info', shape: 'dot' },
	submitted: { word: 'Menunggu tinjauan', tone: 'info', shape: 'half' },
	returned: { word: 'Dikembalikan', tone: 'warn', shape: 'back' },
	unreachable: { word: 'Tidak dapat ditemui', tone: 'warn', shape: 'triangle' },
	accepted: { word: 'Diterima', tone: 'ok', shape: 'check' },
	awaiting_approval: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	decided: { word: 'Diputuskan', tone: 'ok', shape: 'check' },
	closed: { word: 'Ditutup', tone: 'plain', shape: 'bar' },
	expired: { word: 'Lewat jadwal', tone: 'bad', shape: 'clock' },
});

export const recipientChip = chipOf<Schemas['RecipientState']>({
	unvisited: { word: 'Belum dikunjungi', tone: 'plain', shape: 'ring' },
	visiting: { word: 'Sedang dikunjungi', tone: 'info', shape: 'dot' },
	reviewing: { word: 'Menunggu tinjauan', tone: 'info', shape: 'half' },
	deciding: { word: 'Menunggu keputusan', tone: 'warn', shape: 'clock' },
	approving: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	decided: { word: 'Diputuskan', tone: 'ok', shape: 'check' },
});

export const membershipChip = chipOf<MembershipState>({
	candidate: { word: 'Calon', tone: 'plain', shape: 'ring' },
	designated: { word: 'Ditetapkan', tone: 'info', shape: 'half' },
	active: { word: 'Aktif', tone: 'ok', shape: 'check' },
	suspended: { word: 'Ditangguhkan', tone: 'warn', shape: 'bar' },
	inactive: { word: 'Dibatalkan', tone: 'bad', shape: 'cross' },
	replaced: { word: 'Digantikan', tone: 'plain', shape: 'swap' },
	graduated: { word: 'Graduasi', tone: 'ok', shape: 'dot' },
	withdrawn: { word: 'Ditarik', tone: 'plain', shape: 'back' },
});

export const regime = wordOf({ dtsen: 'DTSEN', dtks: 'DTKS' });

export const outcomeChip = chipOf<Schemas['Outcome']>({
	eligible: { word: 'Layak', tone: 'ok', shape: 'check' },
	ineligible: { word: 'Tidak layak', tone: 'bad', shape: 'cross' },
});

const deviceWords = chipOf<Schemas['RevokeKind'] | 'active'>({
	active: { word: 'Aktif', tone: 'ok', shape: 'check' },
	retired: { word: 'Tidak dipakai lagi', tone: 'plain', shape: 'bar' },
	stolen: { word: 'Hilang', tone: 'bad', shape: 'cross' },
});

/** A phone's state by its `revoked`. */
export function deviceChip(revoked: string | null | undefined): Chip {
	return deviceWords(revoked ?? 'active');
}

/** The states, for a filter. */
export const CASE_STATES: readonly CaseState[] = [
	'open',
	'assigned',
	'submitted',
	'returned',
	'unreachable',
	'accepted',
	'awaiting_approval',
	'decided',
	'closed',
	'expired',
];
export const RECIPIENT_STATES: readonly Schemas['RecipientState'][] = [
	'unvisited',
	'visiting',
	'reviewing',
	'deciding',
	'approving',
	'decided',
];
export const MEMBERSHIP_STATES: readonly MembershipState[] = [
	'candidate',
	'designated',
	'active',
	'suspended',
	'inactive',
	'replaced',
	'graduated',
	'withdrawn',
];

export const role = wordOf<Role>({
	officer: 'Petugas lapangan',
	supervisor: 'Koordinator',
	operator: 'Operator kelurahan',
	verifier: 'Verifikator Dinsos',
	approver: 'Pengesah',
	signatory: 'Penanda tangan',
	admin: 'Admin',
	auditor: 'Auditor',
	feed: 'Sistem sumber data',
	system: 'Sistem',
});

/** As what somebody acted; a person whom the journal calls the system acted as nothing that is known. */
export function actedAs(word: string, actor: string | null | undefined): string {
	return word === 'system' && actor ? '' : role(word);
}

export const GRANTABLE_ROLES: readonly Role[] = [
	'officer',
	'supervisor',
	'operator',
	'verifier',
	'approver',
	'signatory',
	'admin',
	'auditor',
	'feed',
];

export const visitKind = wordOf<Schemas['VisitKind']>({
	quick: 'Kunjungan cepat',
	full: 'Kunjungan lengkap',
	unreachable: 'Tidak dapat ditemui',
	finding: 'Temuan',
});

export const photoKind = wordOf<Schemas['PhotoKind']>({
	house_front: 'Tampak depan',
	house_inside: 'Dalam rumah',
	family_card: 'Kartu keluarga',
	id_card: 'KTP',
	asset: 'Aset',
	recipient: 'Penerima',
	statement: 'Surat pernyataan',
	narrow_left: 'Tampak kiri',
	narrow_right: 'Tampak kanan',
});

export const pinSource = wordOf({
	gnss: 'Satelit',
	hand: 'Digeser tangan',
	external: 'Alat luar',
});

export const unreachableReason = wordOf({
	not_found: 'Tidak ditemukan',
	refused: 'Menolak',
	inaccessible: 'Tidak dapat dicapai',
});

export const acceptedBasis = wordOf({
	visit: 'Berdasarkan kunjungan',
	unreachable: 'Tidak dapat ditemui',
});

export const keyLevel = wordOf({
	strongbox: 'Chip pengaman',
	tee: 'Ruang aman HP',
	software: 'Perangkat lunak',
	other: 'Lainnya',
});

export const regionLevel = wordOf({
	province: 'Provinsi',
	city: 'Kota/Kabupaten',
	district: 'Kecamatan',
	village: 'Kelurahan',
});

/** How much a flag weighs: a strong one deserves a look before anything else. */
export type Severity = 'berat' | 'sedang' | 'ringan';

const SEVERITY: Readonly<Record<Schemas['Flag'], Severity>> = {
	chain_gap: 'sedang',
	chain_fork: 'berat',
	late_sync: 'ringan',
	stale_assignment: 'ringan',
	out_of_scope: 'sedang',
	case_closed: 'sedang',
	second_visit: 'sedang',
	future_clock: 'sedang',
	stale_time: 'ringan',
	mock_location: 'berat',
	hand_placed: 'sedang',
	low_accuracy: 'sedang',
	outside_boundary: 'berat',
	stolen_device: 'berat',
	carried: 'ringan',
	incomplete: 'berat',
	repeated_photo: 'berat',
	bad_photo: 'berat',
	software_key: 'ringan',
	training: 'sedang',
	unknown_form: 'sedang',
	other_region: 'sedang',
	far_from_house: 'berat',
	odd_accuracy: 'sedang',
	shared_id: 'berat',
	officer_ended: 'sedang',
	sealed_after_end: 'berat',
};

/** A flag that this console does not know yet is taken seriously, not lightly. */
export function severity(flag: string): Severity {
	const all: Readonly<Record<string, Severity>> = SEVERITY;
	return (Object.hasOwn(all, flag) ? all[flag] : undefined) ?? 'sedang';
}

export const severityChip = chipOf<Severity>({
	berat: { word: 'Berat', tone: 'bad', shape: 'triangle' },
	sedang: { word: 'Sedang', tone: 'warn', shape: 'triangle' },
	ringan: { word: 'Ringan', tone: 'plain', shape: 'dot' },
});

/** Flags with those that weigh most first, otherwise in their order. */
export function byWeight<Row extends { flag: string }>(flags: readonly Row[]): Row[] {
	const order: readonly Severity[] = ['berat', 'sedang', 'ringan'];
	return flags.toSorted((a, b) => order.indexOf(severity(a.flag)) - order.indexOf(severity(b.flag)));
}
