/** Which families of a list are decided together with others, and which only by themselves. */
import type { Schemas } from '#lib/api.ts';
import { list as t } from '#lib/texts/recipients.ts';

import { currentFlags } from './evidence.ts';
import { movesFor } from './moves.ts';

type CaseView = Schemas['CaseView'];
type MembershipView = Schemas['MembershipView'];

const rights = { decide: true, assign: false, request: false };

/** What is said of the family, all at once. */
export function eligibleIn(view: CaseView): readonly MembershipView[] {
	return movesFor(view, rights).eligible;
}

/** Why a case is not decided together with others; null when it may be. */
export function aloneBecause(view: CaseView): string | null {
	if (currentFlags(view).length > 0) return t.flagged;
	if (view.accepted_basis === 'unreachable') return t.unreachable;
	if (view.memberships.some((one) => one.outcome === 'ineligible')) return t.proposed;
	return eligibleIn(view).length === 0 ? t.noMemberships : null;
}
