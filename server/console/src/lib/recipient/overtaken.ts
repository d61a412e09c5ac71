/** What somebody else did with a case while this person looked at it, in a sentence. Pure. */
import type { Schemas } from '#lib/api.ts';
import { act } from '#lib/case/words.ts';
import { dateTime, isoDay, time } from '#lib/format.ts';
import { caseChip } from '#lib/labels.ts';
import { overtaken as t } from '#lib/texts/recipients.ts';

import { namesOf } from './programs.ts';

type CaseView = Pick<Schemas['CaseView'], 'state'>;
type HistoryRow = Schemas['HistoryRow'];

/** The answers that say: the case is other than what was looked at. */
const CODES: readonly string[] = ['stale', 'wrong_moment'];

const PROPOSING: readonly string[] = ['membership.decide', 'case.send_for_approval'];

export function isOvertaken(code: string | null | undefined): boolean {
	return code != null && CODES.includes(code);
}

/** What became of this person's own act on a case that somebody else was faster with: `done` of its memberships are recorded. */
export function ownPart(memberships: Parameters<typeof namesOf>[0], done: readonly string[]): string {
	return done.length > 0 ? t.partly(namesOf(memberships, done)) : t.notSent;
}

/** The newest act that is not this person's own; the newest first. */
export function actOfOthers(acts: readonly HistoryRow[], me: string | undefined): HistoryRow | undefined {
	return acts.find((row) => row.actor !== me);
}

function when(at: string, now: number): string {
	return isoDay(at) === isoDay(now) ? t.at(time(at)) : dateTime(at);
}

/** `Sudah diputuskan oleh Siti (operator kelurahan) pukul 14.05 WIB.`, or who did what last and how it stands now. */
export function overtakenBy(view: CaseView, acts: readonly HistoryRow[], me: string | undefined, now: number): string {
	const state = caseChip(view.state).word;
	const [newest] = acts;
	// In another tab: nobody else is to be named for it.
	if (newest !== undefined && me !== undefined && newest.actor === me) return `${t.own(when(newest.at, now))} ${t.state(state)}`;
	const row = actOfOthers(acts, me);
	if (row === undefined) return t.state(state);
	const { who, did } = act(row);
	if (view.state === 'decided') return t.decided(who, when(row.at, now));
	if (view.state === 'awaiting_approval' && PROPOSING.includes(row.action)) return t.proposed(who, when(row.at, now));
	return `${t.did(who, did, when(row.at, now))} ${t.state(state)}`;
}
