/** Words and colours of what the civil registry said. A word that is not known here is shown as it came. */
import type { Chip } from '#lib/labels.ts';
import { population as t } from '#lib/texts/population.ts';

type Words = Readonly<Record<string, string>>;

function word(words: Words, key: string): string {
	return (Object.hasOwn(words, key) ? words[key] : undefined) ?? key;
}

const LOOKS: Readonly<Record<string, Pick<Chip, 'tone' | 'shape'>>> = {
	received: { tone: 'info', shape: 'clock' },
	parked: { tone: 'warn', shape: 'bar' },
	applied: { tone: 'ok', shape: 'check' },
	to_judge: { tone: 'warn', shape: 'triangle' },
	unmatched: { tone: 'warn', shape: 'ring' },
	refused: { tone: 'bad', shape: 'cross' },
	arrived: { tone: 'info', shape: 'half' },
	sent_back: { tone: 'warn', shape: 'back' },
	reversed: { tone: 'plain', shape: 'back' },
};

function chip(words: Words, state: string): Chip {
	return { ...(LOOKS[state] ?? { tone: 'plain', shape: 'dot' }), word: word(words, state) };
}

export const kindWord = (kind: string): string => word(t.kinds, kind);
export const whyWord = (why: string): string => word(t.why, why);
export const tripWord = (trip: string): string => word(t.trips, trip);
export const channelWord = (channel: string): string => word(t.channel, channel);
export const eventChip = (state: string): Chip => chip(t.states, state);
/** Of a move that was answered by being received; of an event that just came in. */
export const moveChip = (state: string): Chip =>
	state === 'received' ? { word: t.moveStates.received, tone: 'ok', shape: 'check' } : chip(t.moveStates, state);
export const batchChip = (state: string): Chip => chip(t.batchStates, state);
export const fieldWord = (field: string): string => word(t.fields, field);

/** Of what was asked about somebody; nothing: it waits. */
export function matchChip(result: string | null): Chip {
	if (result === null) return { word: t.matchWaits, tone: 'info', shape: 'clock' };
	return { word: word(t.results, result), tone: result === 'matched' ? 'ok' : 'warn', shape: result === 'matched' ? 'check' : 'triangle' };
}
