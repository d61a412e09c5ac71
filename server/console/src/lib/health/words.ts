/** Words and colours of what BPJS said. A word that is not known here is shown as it came. */
import type { Chip } from '#lib/labels.ts';
import { health as t } from '#lib/texts/health.ts';

type Words = Readonly<Record<string, string>>;

function word(words: Words, key: string): string {
	return (Object.hasOwn(words, key) ? words[key] : undefined) ?? key;
}

const LOOKS: Readonly<Record<string, Pick<Chip, 'tone' | 'shape'>>> = {
	AKTIF: { tone: 'ok', shape: 'check' },
	NONAKTIF: { tone: 'bad', shape: 'cross' },
	TIDAK_TERDAFTAR: { tone: 'plain', shape: 'ring' },
};

/** Nothing: BPJS was never asked. */
export function statusChip(status: string | null | undefined): Chip {
	if (status === null || status === undefined) return { word: t.never, tone: 'plain', shape: 'dot' };
	return { ...(LOOKS[status] ?? { tone: 'plain', shape: 'dot' }), word: word(t.statuses, status) };
}

export const segmentWord = (segment: string): string => word(t.segments, segment);
export const healthWhy = (why: string): string => word(t.why, why);
export const stateWord = (state: string): string => word(t.states, state);

/** Whether a day of the calendar is over, by the day it is now. */
export function isOver(day: string, today: string): boolean {
	return day < today;
}
