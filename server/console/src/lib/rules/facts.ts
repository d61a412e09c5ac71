/** What can be done to a recorded fact. Pure but for the server's clock. */
import { serverNow, type Schemas } from '#lib/api.ts';
import { evaluations as t } from '#lib/texts/rules.ts';

type Fact = Schemas['FactView'];

export interface Move {
	readonly label: string;
	readonly change: { appeal?: Schemas['FactAppeal']; end?: boolean };
}

export function isOver(fact: Pick<Fact, 'valid_until'>): boolean {
	return fact.valid_until !== undefined && fact.valid_until !== null && Date.parse(fact.valid_until) <= serverNow();
}

/** A doubt is filed once and then decided; a fact can be over at any time. */
export function movesOf(fact: Pick<Fact, 'appeal'>): Move[] {
	const end: Move = { label: t.end, change: { end: true } };
	if (fact.appeal === 'none') return [{ label: t.file, change: { appeal: 'filed' } }, end];
	if (fact.appeal === 'filed') {
		return [{ label: t.uphold, change: { appeal: 'upheld' } }, { label: t.dismiss, change: { appeal: 'dismissed' } }, end];
	}
	return [end];
}
