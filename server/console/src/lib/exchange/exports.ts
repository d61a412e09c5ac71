/** Which files can be asked for, and of which regions. Pure. */
import type { Schemas } from '../api.ts';
import type { Chip } from '../labels.ts';
import { exportsText as t } from '../texts/exports.ts';

export type Kind = Schemas['ExportKind'];
export type Format = Schemas['ExportFormat'];
type State = Schemas['ExportState'];

export const KINDS: readonly Kind[] = ['recipients', 'families', 'waitlist', 'quotas', 'worklist', 'replacements', 'pins'];

/** How a file of this kind can be written; the first is the usual one. */
export function formatsOf(kind: Kind): readonly Format[] {
	return kind === 'pins' ? ['geojson'] : ['xlsx', 'csv'];
}

/** Whether there is anything of a person in it that could be masked. */
export function isAboutPeople(kind: Kind): boolean {
	return kind !== 'quotas';
}

/** Whether the server lets it wait for a second person: people of a city or more, and numbers of more than a village. */
export function needsSecond(kind: Kind, personal: boolean, region: string): boolean {
	return isAboutPeople(kind) && region !== '' && region.split('.').length <= (personal ? 3 : 2);
}

const CHIPS: Readonly<Record<State, Omit<Chip, 'word'>>> = {
	waiting: { tone: 'warn', shape: 'clock' },
	making: { tone: 'info', shape: 'half' },
	ready: { tone: 'ok', shape: 'check' },
	refused: { tone: 'bad', shape: 'cross' },
	dropped: { tone: 'bad', shape: 'cross' },
	gone: { tone: 'plain', shape: 'bar' },
};

export function exportChip(state: string): Chip {
	const known = Object.keys(CHIPS).find((each) => each === state) as State | undefined;
	return known === undefined ? { word: state, tone: 'plain', shape: 'dot' } : { word: t.states[known], ...CHIPS[known] };
}
