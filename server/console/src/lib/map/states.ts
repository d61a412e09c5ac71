/** How far a family is, as word, colour and shape: the map's and the list's are the same. */
import type { Schemas } from '../api.ts';
import type { Chip } from '../labels.ts';
import { map as t } from '../texts/map.ts';

export type MapState = Schemas['MapState'];

/** A chip, and the colour token that fills it on the map. */
export interface Mark extends Chip {
	readonly colour: string;
}

const MARKS: Readonly<Record<MapState, Mark>> = {
	unvisited: { word: t.states.unvisited, tone: 'plain', shape: 'ring', colour: '--muted' },
	submitted: { word: t.states.submitted, tone: 'info', shape: 'half', colour: '--brand' },
	returned: { word: t.states.returned, tone: 'warn', shape: 'back', colour: '--warn' },
	unreachable: { word: t.states.unreachable, tone: 'warn', shape: 'triangle', colour: '--series-2' },
	accepted: { word: t.states.accepted, tone: 'ok', shape: 'dot', colour: '--series-3' },
	cancel_proposed: { word: t.states.cancel_proposed, tone: 'bad', shape: 'clock', colour: '--bad' },
	eligible: { word: t.states.eligible, tone: 'ok', shape: 'check', colour: '--ok' },
	cancelled: { word: t.states.cancelled, tone: 'bad', shape: 'cross', colour: '--bad' },
};

/** Every state, in the order in which lists and legends name them: the order above. */
export const MAP_STATES: readonly MapState[] = Object.keys(MARKS) as MapState[];

/** A state that this console does not know yet is shown as it came. */
export function markOf(state: string): Mark {
	const all: Readonly<Record<string, Mark>> = MARKS;
	const known = Object.hasOwn(all, state) ? all[state] : undefined;
	return known ?? { word: state, tone: 'plain', shape: 'dot', colour: '--muted' };
}
