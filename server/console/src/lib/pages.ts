/** The pages of the console and whom they are for: what a role may not do is absent. */
import { may, session } from './session.svelte.ts';
import { shell } from './texts/shell.ts';

export interface Page {
	readonly href: string;
	readonly label: string;
	readonly open: () => boolean;
	/** Who may open what lies below it, when these are more. */
	readonly below?: () => boolean;
}

const PAGES: readonly Page[] = [
	{ href: '/tinjau', label: shell.pages.tinjau, open: () => may('review_cases'), below: () => may('read_cases') },
	{
		href: '/kasus',
		label: shell.pages.kasus,
		open: () => may('assign_cases') || (may('read_cases') && session.roles.some((role) => role === 'supervisor' || role === 'auditor')),
	},
	{ href: '/penerima', label: shell.pages.penerima, open: () => may('read_cases') },
	{ href: '/peta', label: shell.pages.peta, open: () => may('read_cases') },
	{
		href: '/persetujuan',
		label: shell.pages.persetujuan,
		open: () => may('decide_cases') || may('confirm_decisions') || may('confirm_grants') || may('confirm_imports'),
	},
	{ href: '/impor', label: shell.pages.impor, open: () => may('import') || may('confirm_imports') },
	{ href: '/pengguna', label: shell.pages.pengguna, open: () => may('manage_users') },
	{ href: '/perangkat', label: shell.pages.perangkat, open: () => may('manage_devices') },
	{ href: '/jejak', label: shell.pages.jejak, open: () => may('read_journal') },
];

/** The pages this person may open, in the order of the bar. */
export function openPages(): Page[] {
	return PAGES.filter((page) => page.open());
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
