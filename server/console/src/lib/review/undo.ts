/** The last decisions and how each is taken back. Pure. */
import type { Act, Entry } from './outbox.ts';

/** Whoever decides, decides one of these. */
export type Decision = Extract<Act, 'accept' | 'return' | 'agree-unreachable' | 'reopen'>;

/** `sending` until the server said yes; `unsent` when it was given up for now. */
export type Standing = 'sending' | 'unsent' | 'done' | 'undoing' | 'undone' | 'kept' | 'refused';

/** One decision of this sitting. Names are in memory only. */
export interface Recent {
	readonly entry: Entry;
	readonly act: Decision;
	readonly name: string;
	readonly region: string;
	readonly standing: Standing;
	/** The case's version after it; what an undo has seen. */
	readonly version: number | null;
}

/** As many as are accepted at once on a contact sheet. */
export const MOST_RECENT = 12;
/** How long `U` takes the last one back without asking which. */
export const UNDO_S = 10;

/** The newest first. */
export function remembered(list: readonly Recent[], recent: Recent): Recent[] {
	return [recent, ...list].slice(0, MOST_RECENT);
}

export function changed(list: readonly Recent[], event: string, change: Partial<Recent>): Recent[] {
	return list.map((recent) => (recent.entry.event === event ? { ...recent, ...change } : recent));
}

/** The act that takes a decision back; null when there is none. */
export function undoOf(act: Decision): Extract<Act, 'withdraw' | 'take-back'> | null {
	switch (act) {
		case 'accept':
		case 'agree-unreachable':
			return 'withdraw';
		case 'return':
			return 'take-back';
		case 'reopen':
			return null;
	}
}

/** Whether it can be asked for: the server has the last word. */
export function canUndo({ act, standing }: Recent): boolean {
	return undoOf(act) !== null && (standing === 'sending' || standing === 'unsent' || standing === 'done');
}

/** What `U` takes back now: the newest that still stands, while it is fresh. */
export function undoable(list: readonly Recent[], now: number): Recent | undefined {
	const last = list.find(({ standing }) => standing !== 'undone' && standing !== 'refused');
	return last !== undefined && canUndo(last) && now - last.entry.at <= UNDO_S * 1_000 ? last : undefined;
}
