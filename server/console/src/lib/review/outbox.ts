/** Decisions on their way to the server: what is kept, when it is tried again, what an answer means. Pure. */
import type { Schemas } from '#lib/api.ts';

import { returnBody, type Mark } from './marks.ts';

/** The last part of the route that does it. */
export type Act = 'accept' | 'return' | 'agree-unreachable' | 'reopen' | 'withdraw' | 'take-back';

/** Ids and codes only; the note is sealed where this is kept. */
export interface Entry {
	/** Names the act: every repeat sends the same. */
	readonly event: string;
	readonly case: string;
	readonly act: Act;
	readonly version: number;
	readonly marks: readonly Mark[];
	readonly note: string;
	/** The server's milliseconds when it was decided. */
	readonly at: number;
	/** The contact sheet that it was accepted on, or of which that is taken back. */
	readonly sheet?: Schemas['OnSheet'] | undefined;
}

/** When the tries are made, counted from the first: five over a minute. */
const TRIES_MS: readonly number[] = [0, 2_000, 8_000, 24_000, 60_000];
const KEEP_MS = 24 * 3_600_000;

/** How long to wait before the next try, or null when it is given up until somebody says so. */
export function waitAfter(tries: number, asked?: number): number | null {
	const next = TRIES_MS[tries];
	const last = TRIES_MS[tries - 1];
	if (next === undefined || last === undefined) return null;
	return Math.max(next - last, (asked ?? 0) * 1_000);
}

/** `later`: nothing is known of what the server did, the same is sent again. `refused`: never again by itself. */
export type Meaning = 'later' | 'signed_out' | 'refused';

/** What it means when `told` threw for an act. `status` is null when the server was not reached. */
export function meaningOf(status: number | null): Meaning {
	if (status === null || status >= 500 || status === 429 || status === 408) return 'later';
	return status === 401 ? 'signed_out' : 'refused';
}

/** Kept for a day at most. */
export function isOld(entry: Pick<Entry, 'at'>, now: number): boolean {
	return now - entry.at > KEEP_MS;
}

export function actBody({ event, version }: Entry): Schemas['CaseAct'] {
	return { event_id: event, seen_version: version };
}

export function acceptBody(entry: Entry): Schemas['AcceptCase'] {
	return { ...actBody(entry), ...(entry.sheet !== undefined && { on_sheet: entry.sheet }) };
}

export function returnOf({ event, version, marks, note }: Entry): Schemas['ReturnCase'] {
	return returnBody(event, version, marks, note);
}
