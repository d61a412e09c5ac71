/** What a person can do for a family from the state its case is in, or why that is nothing. */
import type { Schemas } from '#lib/api.ts';
import { moves as t } from '#lib/texts/recipients.ts';

type CaseRow = Schemas['CaseRow'];
type CaseView = Schemas['CaseView'];
type MembershipView = Schemas['MembershipView'];

/** Case states after which nothing more happens. */
const OVER: readonly string[] = ['decided', 'closed', 'expired'];
/** Membership states that no case decides any more. */
const ENDED: readonly string[] = ['inactive', 'replaced', 'graduated', 'withdrawn'];

export interface Rights {
	readonly decide: boolean;
	readonly assign: boolean;
	/** May ask for a visit without giving it to somebody. */
	readonly request: boolean;
}

export interface Moves {
	readonly eligible: readonly MembershipView[];
	readonly cancel: readonly MembershipView[];
	readonly visit: boolean;
	/** One sentence when nothing can be done. */
	readonly why: string | null;
}

/** The family's undecided case; there is at most one. */
export function openCase(cases: readonly CaseRow[]): CaseRow | undefined {
	return cases.find((row) => !OVER.includes(row.state));
}

function whyNot(state: string | undefined, rights: Rights): string {
	if (!rights.decide && !rights.assign && !rights.request) return state === 'awaiting_approval' ? t.none.approval : t.none.role;
	switch (state) {
		case undefined:
			return t.none.noCase;
		case 'open':
		case 'assigned':
		case 'returned':
			return t.none.visiting;
		case 'submitted':
			return t.none.reviewing;
		case 'unreachable':
			return t.none.unreachable;
		case 'accepted':
			return rights.decide ? t.none.decided : t.none.deciding;
		case 'awaiting_approval':
			return t.none.approval;
		default:
			return t.none.open;
	}
}

/** `view` is the open case; null when there is none. */
export function movesFor(view: CaseView | null, rights: Rights): Moves {
	const deciding = rights.decide && view?.state === 'accepted' ? view.memberships : [];
	const undecided = deciding.filter((one) => !ENDED.includes(one.state));
	const eligible = undecided.filter((one) => one.outcome !== 'eligible');
	const cancel = undecided.filter((one) => one.outcome !== 'ineligible');
	const visit = (rights.assign || rights.request) && view === null;
	const none = eligible.length === 0 && cancel.length === 0 && !visit;
	return { eligible, cancel, visit, why: none ? whyNot(view?.state, rights) : null };
}

/** What still lacks an outcome once `chosen` have theirs: until nothing does, nothing leaves the operator. */
export function othersUndecided(view: CaseView, chosen: readonly string[] = []): MembershipView[] {
	return view.memberships.filter((one) => !chosen.includes(one.id) && !one.outcome && !ENDED.includes(one.state));
}
