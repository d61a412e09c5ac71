/** What a decree's annex says of the decree itself: typed by who prints it, and nothing of any recipient. */
import { DECREE } from '#lib/review/wipe.ts';
import { annex as t } from '#lib/texts/recipients.ts';

export interface Decree {
	readonly decree: string;
	readonly number: string;
	/** A day; '' is left for the pen, as are the others. */
	readonly day: string;
	readonly about: string;
	readonly place: string;
	readonly office: string;
	readonly signer: string;
	readonly nip: string;
}

export const EMPTY: Decree = { decree: '', number: '', day: '', about: t.aboutUsual, place: '', office: '', signer: '', nip: '' };

function isWords(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null;
}

/** What this person typed last in this tab; signing out ends it. */
export function decreeOf(user: string | undefined): Decree {
	try {
		const kept: unknown = JSON.parse(sessionStorage.getItem(DECREE) ?? 'null');
		if (!isWords(kept) || kept['user'] !== user) return EMPTY;
		const words = Object.keys(EMPTY).map((key) => [key, typeof kept[key] === 'string' ? kept[key] : '']);
		return { ...EMPTY, ...(Object.fromEntries(words) as Partial<Decree>) };
	} catch {
		return EMPTY;
	}
}

export function keepDecree(user: string | undefined, decree: Decree): void {
	try {
		sessionStorage.setItem(DECREE, JSON.stringify({ user, ...decree }));
	} catch {
		// Without storage it is typed again.
	}
}

const NIP = /^\d{18}$/;

export function nipOf(text: string): string {
	return text.replaceAll(/[\s.]/g, '');
}

/** What keeps it from being printed. */
export function mistakes({ decree, nip }: Decree): { field: string; remedy: string }[] {
	return [
		...(decree.trim() === '' ? [{ field: 'decree', remedy: t.noDecree }] : []),
		...(nip.trim() === '' || NIP.test(nipOf(nip)) ? [] : [{ field: 'nip', remedy: t.badNip }]),
	];
}
