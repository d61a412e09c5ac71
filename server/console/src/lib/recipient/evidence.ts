/** What a case stands on: the visit that was accepted or waits, its flags, the front of the house. */
import type { Schemas } from '#lib/api.ts';
import { severity } from '#lib/labels.ts';

type CaseView = Schemas['CaseView'];
type FlagView = Schemas['FlagView'];

export function currentVisit(view: CaseView): Schemas['VisitView'] | undefined {
	return view.visits.find((visit) => visit.id === view.current_visit);
}

export function currentFlags(view: CaseView): readonly FlagView[] {
	return currentVisit(view)?.flags ?? [];
}

/** Whether a flag weighs so much that the case is looked at alone. */
export function isDoubtful(view: CaseView): boolean {
	return currentFlags(view).some(({ flag }) => severity(flag) === 'berat');
}

/** The photo that tells one house from another: the front when it can be shown, else the first that can. */
export function frontPhoto(view: CaseView): Schemas['PhotoView'] | undefined {
	const ready = (currentVisit(view)?.photos ?? []).filter((photo) => photo.state === 'ready');
	return ready.find((photo) => photo.kind === 'house_front') ?? ready[0];
}

/** The memberships that wait for the second person. */
export function waitingFor(view: CaseView): Schemas['MembershipView'][] {
	return view.state === 'awaiting_approval' ? view.memberships.filter((one) => one.awaiting_approval) : [];
}

/** The memberships that nobody changes any more: all of a decided case, before that those confirmed with a letter. */
export function settledIn(view: CaseView): Schemas['MembershipView'][] {
	return view.memberships.filter((one) => one.outcome && !one.awaiting_approval && (view.state === 'decided' || one.notice));
}

export interface Proposed {
	/** The last one proposed, which stands for all. */
	readonly one: Schemas['MembershipView'];
	readonly all: readonly Schemas['MembershipView'][];
}

/** What is said alike of several memberships: the same outcome and reason by the same document and person, said once. */
export function alike(list: readonly Schemas['MembershipView'][]): Proposed[] {
	const same = Map.groupBy(list, (one) =>
		[one.outcome, one.reason, one.document_number, one.proposed_by, one.refused?.at, one.confirm_note, one.confirmed_by].join('|'),
	);
	return [...same.values()].flatMap((all) => {
		const one = all.toSorted((a, b) => (a.proposed_at ?? '').localeCompare(b.proposed_at ?? '')).at(-1);
		return one === undefined ? [] : [{ one, all }];
	});
}
