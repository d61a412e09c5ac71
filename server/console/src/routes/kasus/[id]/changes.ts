/** What happened to a case between two looks at it, in words. */
import type { Schemas } from '#lib/api.ts';
import { dateTime } from '#lib/format.ts';
import { caseChip, outcomeChip, visitKind } from '#lib/labels.ts';
import { changed as t } from '#lib/texts/cases.ts';

type CaseView = Schemas['CaseView'];

/** One sentence a change; never empty, for the version alone says that there was one. */
export function changesBetween(before: CaseView, after: CaseView): string[] {
	const told: string[] = [];
	if (before.state !== after.state) told.push(t.state(caseChip(before.state).word, caseChip(after.state).word));
	if ((before.officer ?? null) !== (after.officer ?? null)) {
		told.push(after.officer ? t.officer(after.officer_name ?? t.somebody) : t.noOfficer);
	}
	const known = new Set(before.visits.map((visit) => visit.id));
	for (const visit of after.visits.filter(({ id }) => !known.has(id))) {
		told.push(t.visit(visitKind(visit.kind), dateTime(visit.received_at)));
	}
	for (const now of after.memberships) {
		const then = before.memberships.find(({ id }) => id === now.id);
		if (then === undefined || (then.outcome ?? null) === (now.outcome ?? null)) continue;
		told.push(now.outcome ? t.outcome(now.program, outcomeChip(now.outcome).word) : t.noOutcome(now.program));
	}
	return told.length > 0 ? told : [t.other];
}
