/** The month's recipients: how far each has come, counted. Pure. */
import type { Schemas } from '#lib/api.ts';
import { RECIPIENT_STATES } from '#lib/labels.ts';

export interface MonthFilters {
	readonly region: string;
	readonly program: string;
	readonly state: Schemas['RecipientState'] | '';
}

/** The state that an address names; '' for none, and for words that are none. */
export function stateIn(word: string | null): MonthFilters['state'] {
	return RECIPIENT_STATES.find((state) => state === word) ?? '';
}

/** Every state in its order with how many are in it; first, as '', all together. Most months nothing waits for an approver. */
export function statesOf(counts: readonly Schemas['RecipientCount'][]): { state: MonthFilters['state']; families: number }[] {
	const of = (state: string) => counts.find((one) => one.state === state)?.families ?? 0;
	const all = counts.reduce((sum, { families }) => sum + families, 0);
	const each = RECIPIENT_STATES.map((state) => ({ state, families: of(state) }));
	return [{ state: '', families: all }, ...each.filter(({ state, families }) => state !== 'approving' || families > 0)];
}

/** The case of a family that waits for the operator. */
export function decidingCase({ state, family }: Pick<Schemas['RecipientRow'], 'state' | 'family'>): string | null {
	return state === 'deciding' ? (family.case ?? null) : null;
}
