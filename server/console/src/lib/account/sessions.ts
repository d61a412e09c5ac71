/** In which order sessions are shown, and how many at first. Pure. */

/** More than this is read by nobody who only looks whether all is well. */
export const FEW = 4;

interface Open {
	readonly current: boolean;
	readonly last_used_at: string;
}

/** This one first, then those used last. */
export function inOrder<Session extends Open>(sessions: readonly Session[]): Session[] {
	return sessions.toSorted((a, b) => Number(b.current) - Number(a.current) || Date.parse(b.last_used_at) - Date.parse(a.last_used_at));
}

/** The first few; all of them when only one more is hidden, which would take the same room as the button. */
export function fewOf<Session>(sessions: readonly Session[]): readonly Session[] {
	return sessions.length <= FEW + 1 ? sessions : sessions.slice(0, FEW);
}
