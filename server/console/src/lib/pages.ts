/** The pages of the console and whom they are for: what a role may not do is absent. */
import { letters, type Listed } from './menu.ts';
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
const AT_WORK = ['assign_cases', 'review_cases', 'decide_cases', 'confirm_decisions', 'confirm_grants', 'confirm_imports', 'deliver_notices', 'import', 'examine_appeals'] as const;

const PAGES: readonly Page[] = [
	{ href: '/tugas', label: shell.pages.tugas, key: 't', open: () => AT_WORK.some((permission) => may(permission)) },
	{ href: '/tinjau/lembar', label: shell.pages.lembar, key: 'y', open: () => may('review_cases'), within: true },
	{ href: '/tinjau', label: shell.pages.tinjau, key: 'n', open: () => may('review_cases'), below: () => may('read_cases') },
	{ href: '/kasus/rencana', label: shell.pages.rencana, key: 'v', open: () => may('assign_cases'), within: true },
	{
		href: '/kasus',
		label: shell.pages.kasus,
		group: 'verifikasi', key: 'k',
		open: () => may('assign_cases') || (may('read_cases') && session.roles.some((role) => role === 'supervisor' || role === 'auditor')),
	},
	{ href: '/penerima', label: shell.pages.penerima, group: 'verifikasi', key: 'p', open: () => may('read_cases'), waits: () => work.waiting?.to_decide ?? 0 },
	{ href: '/keluarga', label: shell.pages.keluarga, group: 'warga', key: 'g', open: () => may('maintain_families') || may('confirm_families'), below: () => may('read_cases') },
	{
		href: '/kependudukan',
		label: shell.pages.kependudukan,
		group: 'warga', key: 'd',
		open: () => may('judge_events') || may('release_events') || may('bring_events') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{ href: '/peta', label: shell.pages.peta, group: 'verifikasi', key: 'e', open: () => may('read_cases') },
	{ href: '/ringkasan', label: shell.pages.ringkasan, group: 'verifikasi', key: 'r', open: () => may('read_overview') },
	{ href: '/kuota', label: shell.pages.kuota, group: 'program', key: 'q', open: () => may('read_overview') },
	{
		href: '/persetujuan',
		label: shell.pages.persetujuan,
		key: 's',
		open: () => may('decide_cases') || may('confirm_decisions') || may('confirm_grants') || may('confirm_imports'),
		waits: () => work.waiting?.to_confirm ?? 0,
	},
	{ href: '/pembatalan', label: shell.pages.pembatalan, group: 'program', key: 'b', open: () => may('decide_cases') },
	{ href: '/aturan', label: shell.pages.aturan, group: 'program', key: 'a', open: () => may('read_overview') },
	{
		href: '/siks-ng',
		label: shell.pages.siks,
		group: 'data', key: 'i',
		open: () => may('enter_ministry_acts') || (may('read_cases') && session.roles.includes('auditor')),
	},
	{
		href: '/ekspor',
		label: shell.pages.ekspor,
		group: 'data', key: 'x',
		open: () => may('export') || may('confirm_exports') || may('read_journal'),
	},
	{ href: '/penggantian', label: shell.pages.penggantian, open: () => may('read_cases'), within: true },
	{ href: '/usulan', label: shell.pages.usulan, group: 'warga', key: 'u', open: () => may('read_cases') },
	{ href: '/musyawarah', label: shell.pages.musyawarah, group: 'warga', key: 'm', open: () => may('read_cases') },
	{
		href: '/jadwal',
		label: shell.pages.jadwal,
		group: 'warga', key: 'j',
		open: () => may('propose') || may('verify_proposals') || may('change_windows') || may('confirm_imports'),
	},
	{
		href: '/surat',
		label: shell.pages.surat,
		group: 'warga', key: 'z',
		open: () => may('issue_letters') || may('set_letter_offices'),
		below: () => may('read_cases'),
	},
	{ href: '/loket', label: shell.pages.loket, key: 'f', open: () => may('file_appeals') && may('search_families') },
	{
		href: '/keberatan',
		label: shell.pages.keberatan,
		group: 'warga',
		open: () => may('file_appeals') || may('examine_appeals') || may('judge_appeals') || may('read_journal'),
	},
	{ href: '/impor', label: shell.pages.impor, group: 'data', key: 'o', open: () => may('import') || may('confirm_imports') },
	{ href: '/pengguna', label: shell.pages.pengguna, group: 'pengaturan', key: 'w', open: () => may('manage_users') },
	{ href: '/perangkat', label: shell.pages.perangkat, group: 'pengaturan', key: 'h', open: () => may('manage_devices') },
	{ href: '/latihan', label: shell.pages.latihan, group: 'pengaturan', key: 'l', open: () => may('prepare_training') },
	{ href: '/jejak', label: shell.pages.jejak, group: 'pengaturan', key: 'c', open: () => may('read_journal') },
];

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
