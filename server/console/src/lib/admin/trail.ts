/** What a row of the trail is about, as links and words. Pure. */

import { dayStart, number, parseDay, typedDay } from '../format.ts';

export interface Thing {
	readonly kind: string;
	readonly id: string;
	/** The page that shows it, for whoever may open that. */
	readonly href: string | null;
}

const PAGES: Readonly<Record<string, (id: string) => string>> = {
	case: (id) => `/kasus/${id}`,
	family: (id) => `/penerima/${id}`,
	import: (id) => `/impor/${id}`,
	user: (id) => `/pengguna/${id}`,
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
	return UUID.test(text);
}

/** `case:<id>` taken apart. */
export function thing(object: string): Thing {
	const at = object.indexOf(':');
	const kind = at < 0 ? '' : object.slice(0, at);
	const id = object.slice(at + 1);
	const page = Object.hasOwn(PAGES, kind) && isUuid(id) ? PAGES[kind] : undefined;
	return { kind, id, href: page?.(id) ?? null };
}

/** The end of an id, enough to tell rows apart by eye; its beginning is only the time it was made. */
export function shortId(id: string): string {
	return isUuid(id) ? id.slice(-8) : id;
}

/** An instant in the region's time, as machines read it. */
export function isoWib(when: string): string {
	return `${new Date(Date.parse(when) + 7 * 3_600_000).toISOString().slice(0, 19)}+07:00`;
}

/** Whether `2026-11-24` is a day. */
export function isDay(text: string): boolean {
	return parseDay(typedDay(text)) === text;
}

const DAY_MS = 86_400_000;

/** From the first moment of one day of the region to the last of another, as the server asks for it; '' is no end. */
export function span(from: string, until: string): { since?: string; until?: string } {
	return {
		...(from === '' ? {} : { since: dayStart(from) }),
		...(until === '' ? {} : { until: new Date(Date.parse(dayStart(until)) + DAY_MS).toISOString() }),
	};
}

export interface Detail {
	readonly key: string;
	readonly value: string;
}

function textOf(value: unknown): string {
	if (typeof value === 'string') return value;
	if (typeof value === 'number') return number(value);
	if (Array.isArray(value)) return value.map(textOf).join(', ');
	// A reason with what it is about is known by its code.
	if (typeof value === 'object' && value !== null && 'code' in value) return textOf(value.code);
	return JSON.stringify(value);
}

/** The body of a row, one line a fact; what holds nothing is left out. */
export function details(body: unknown): Detail[] {
	if (typeof body !== 'object' || body === null) return [];
	const empty = (value: unknown) => value === null || value === '' || (Array.isArray(value) && value.length === 0);
	return Object.entries(body).flatMap(([key, value]): Detail[] => {
		// The event has a place of its own.
		if (empty(value) || key === 'event_id') return [];
		// What was asked for stands within; its own keys say more than that it was asked.
		if (key === 'body' || key === 'on_sheet') return details(value);
		return [{ key, value: textOf(value) }];
	});
}
