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

/** A doubt is filed once and then decided, by somebody who had no hand in it; until then the fact does not end. */
export function movesOf(fact: Pick<Fact, 'appeal' | 'may_decide'>): Move[] {
	const end: Move = { label: t.end, change: { end: true } };
	if (fact.appeal === 'none') return [{ label: t.file, change: { appeal: 'filed' } }, end];
	if (fact.appeal === 'filed') {
		return fact.may_decide ? [{ label: t.uphold, change: { appeal: 'upheld' } }, { label: t.dismiss, change: { appeal: 'dismissed' } }] : [];
	}
	return [end];
}
