/** Who did what on a case, so that nobody is offered to confirm their own work. The server refuses it as well. */
import type { Schemas } from '#lib/api.ts';

type CaseView = Schemas['CaseView'];
type HistoryRow = Schemas['HistoryRow'];

export type Part = 'proposed' | 'reviewed' | 'visited';

const PROPOSING: readonly string[] = ['case.send_for_approval', 'membership.decide'];
const REVIEWING: readonly string[] = ['case.accept', 'case.agree_unreachable'];

/** What this person did on the case before; null when nothing. */
export function partOf(view: CaseView, acts: readonly HistoryRow[], user: string | undefined): Part | null {
	if (user === undefined) return null;
	const did = (actions: readonly string[]) => acts.some((row) => row.actor === user && actions.includes(row.action));
	if (did(PROPOSING)) return 'proposed';
	if (did(REVIEWING)) return 'reviewed';
	return view.visits.some((visit) => visit.officer === user) ? 'visited' : null;
}
