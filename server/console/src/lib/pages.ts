/** The pages of the console and whom they are for: what a role may not do is absent. */
import { letters, type Group, type Listed } from './menu.ts';
import { may, session } from './session.svelte.ts';
import { shell } from './texts/shell.ts';
import { work } from './work.svelte.ts';

export interface Page extends Listed {
	readonly open: () => boolean;
	/** Who may open what lies below it, when these are more. */
	readonly below?: () => boolean;
	/** It is reached from another page and not in the bar. */
	readonly within?: true;
	/** How much waits there for this person's word. */
	readonly waits?: () => number;
}

/** Whose work waits for them in a list. */
const AT_WORK = ['assign_cases', 'review_cases', 'decide_cases', 'confirm_decisions', 'confirm_grants', 'confirm_imports', 'deliver_notices', 'import', 'examine_appeals', 'judge_appeals', 'answer_objections', 'export'] as const;

/**
 * Where a page stands in the bar, and its letter after M. A page that is not here stands in the bar itself, with the first
 * letter of its name that is free.
 */
const PLACES: Readonly<Record<string, { readonly group?: Group; readonly key: string }>> = {
	'/tugas': { key: 't' },
	'/tinjau/lembar': { key: 'y' },
	'/tinjau': { key: 'n' },
	'/kasus/rencana': { key: 'v' },
	'/persetujuan': { key: 's' },
	'/kasus': { group: 'verifikasi', key: 'k' },
	'/penerima': { group: 'verifikasi', key: 'p' },
	'/peta': { group: 'verifikasi', key: 'e' },
	'/ringkasan': { group: 'verifikasi', key: 'r' },
	'/laporan': { group: 'verifikasi', key: '4' },
	'/keluarga': { group: 'warga', key: 'g' },
	'/usulan': { group: 'warga', key: 'u' },
	'/musyawarah': { group: 'warga', key: 'm' },
	'/jadwal': { group: 'warga', key: 'j' },
	'/kependudukan': { group: 'warga', key: 'd' },
	'/jkn': { group: 'warga', key: '3' },
	'/surat': { group: 'warga', key: 'z' },
	'/loket': { key: '1' },
	'/keberatan': { group: 'warga', key: '2' },
	'/sanggahan': { group: 'warga', key: '5' },
	'/kuota': { group: 'program', key: 'q' },
	'/pembatalan': { group: 'program', key: 'b' },
	'/aturan': { group: 'program', key: 'a' },
	'/penggantian': { group: 'program', key: 'f' },
	'/siks-ng': { group: 'data', key: 'i' },
	'/ekspor': { group: 'data', key: 'x' },
	'/impor': { group: 'data', key: 'o' },
	'/pengguna': { group: 'pengaturan', key: 'w' },
	'/perangkat': { group: 'pengaturan', key: 'h' },
	'/latihan': { group: 'pengaturan', key: 'l' },
	'/jejak': { group: 'pengaturan', key: 'c' },
};

const LISTED: readonly Page[] = [
	{ href: '/tugas', label: shell.pages.tugas, open: () => AT_WORK.some((permission) => may(permission)) },
	{ href: '/tinjau/lembar', label: shell.pages.lembar, open: () => may('review_cases'), within: true },
	{ href: '/tinjau', label: shell.pages.tinjau, open: () => may('review_cases'), below: () => may('read_cases') },
	{ href: '/kasus/rencana', label: shell.pages.rencana, open: () => may('assign_cases'), within: true },
	{
		href: '/kasus',
		label: shell.pages.kasus,
		open: () => may('assign_cases') || (may('read_cases') && session.roles.some((role) => role === 'supervisor' || role === 'auditor')),
	},
	{ href: '/penerima', label: shell.pages.penerima, open: () => may('read_cases'), waits: () => work.waiting?.to_decide ?? 0 },
	{ href: '/keluarga', label: shell.pages.keluarga, open: () => may('maintain_families') || may('confirm_families'), below: () => may('read_cases') },
	{
		href: '/kependudukan',
		label: shell.pages.kependudukan,
		open: () => may('judge_events') || may('release_events') || may('bring_events') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{
		href: '/jkn',
		label: shell.pages.jkn,
		open: () => may('judge_events') || may('bring_events') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{ href: '/peta', label: shell.pages.peta, open: () => may('read_cases') },
	{ href: '/ringkasan', label: shell.pages.ringkasan, open: () => may('read_overview') },
	{ href: '/laporan', label: shell.pages.laporan, open: () => may('read_overview') },
	{ href: '/kuota', label: shell.pages.kuota, open: () => may('read_overview') },
	{
		href: '/persetujuan',
		label: shell.pages.persetujuan,
		open: () => may('decide_cases') || may('confirm_decisions') || may('confirm_grants') || may('confirm_imports'),
		waits: () => work.waiting?.to_confirm ?? 0,
	},
	{ href: '/pembatalan', label: shell.pages.pembatalan, open: () => may('decide_cases') },
	{ href: '/aturan', label: shell.pages.aturan, open: () => may('read_overview') },
	{
		href: '/siks-ng',
		label: shell.pages.siks,
		open: () => may('enter_ministry_acts') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{
		href: '/ekspor',
		label: shell.pages.ekspor,
		open: () => may('export') || may('confirm_exports') || may('read_journal'),
	},
	{ href: '/penggantian', label: shell.pages.penggantian, open: () => may('read_cases'), within: true },
	{ href: '/usulan', label: shell.pages.usulan, open: () => may('read_cases') },
	{ href: '/musyawarah', label: shell.pages.musyawarah, open: () => may('read_cases') },
	{
		href: '/jadwal',
		label: shell.pages.jadwal,
		open: () => may('propose') || may('verify_proposals') || may('change_windows') || may('confirm_imports'),
	},
	{
		href: '/surat',
		label: shell.pages.surat,
		open: () => may('issue_letters') || may('set_letter_offices') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{ href: '/loket', label: shell.pages.loket, open: () => may('file_appeals') && may('search_families') },
	{
		href: '/keberatan',
		label: shell.pages.keberatan,
		open: () => may('file_appeals') || may('examine_appeals') || may('judge_appeals') || may('read_journal'),
	},
	{
		href: '/sanggahan',
		label: shell.pages.sanggahan,
		open: () => may('file_objections') || may('answer_objections') || may('read_journal'),
	},
	{ href: '/impor', label: shell.pages.impor, open: () => may('import') || may('confirm_imports') },
	{ href: '/pengguna', label: shell.pages.pengguna, open: () => may('manage_users') },
	{ href: '/perangkat', label: shell.pages.perangkat, open: () => may('manage_devices') },
	{ href: '/latihan', label: shell.pages.latihan, open: () => may('prepare_training') },
	{ href: '/jejak', label: shell.pages.jejak, open: () => may('read_journal') },
];

const PAGES: readonly Page[] = LISTED.map((page) => ({ ...PLACES[page.href], ...page }));

/** The letter of each page: the same one for everybody, whatever they may open. */
export const LETTERS: ReadonlyMap<string, string> = letters(PAGES);

/** The pages this person may open, in the order of the bar. */
export function openPages(): Page[] {
	return PAGES.filter((page) => page.within === undefined && page.open());
}

/** The same, and those that are reached from another. */
export function reachablePages(): Page[] {
	return PAGES.filter((page) => page.open());
}

/** Where this person's work begins: what waits for them, or else the first page of the bar. */
export function startPage(): string | null {
	return openPages()[0]?.href ?? null;
}

export function isWithin(path: string, href: string): boolean {
	return path === href || path.startsWith(`${href}/`);
}

/** Whether an address is of a page that is not this person's. */
export function isClosed(path: string): boolean {
	const page = PAGES.find(({ href }) => isWithin(path, href));
	if (page === undefined) return false;
	return !(path !== page.href && page.below !== undefined ? page.below() : page.open());
}
