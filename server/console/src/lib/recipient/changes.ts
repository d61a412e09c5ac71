/** What is other about a case since a person looked at it, line by line. */
import type { Schemas } from '#lib/api.ts';
import { caseChip, outcomeChip } from '#lib/labels.ts';
import { reason } from '#lib/reasons.ts';
import { approval } from '#lib/texts/recipients.ts';

import { currentFlags, currentVisit } from './evidence.ts';
import { membershipNames } from './programs.ts';

type CaseView = Schemas['CaseView'];
type MembershipView = Schemas['MembershipView'];

const t = approval.stale;

function outcomeWord(one: MembershipView | undefined): string {
	return one?.outcome ? outcomeChip(one.outcome).word : t.none;
}

function reasonWord(one: MembershipView | undefined): string {
	return one?.reason ? reason(one.reason) : t.none;
}

function photosOf(view: CaseView): string[] {
	return view.visits.flatMap((visit) => visit.photos.map((photo) => `${photo.id} ${photo.state}`));
}

function added(before: readonly string[], after: readonly string[]): number {
	const known = new Set(before);
	return after.filter((one) => !known.has(one)).length;
}

/** Empty when nothing that a person sees is other. */
export function changesBetween(before: CaseView, after: CaseView): string[] {
	const lines: string[] = [];
	if (before.state !== after.state) lines.push(t.state(caseChip(before.state).word, caseChip(after.state).word));
	const names = membershipNames(after.memberships);
	for (const one of after.memberships) {
		const was = before.memberships.find(({ id }) => id === one.id);
		const program = names.get(one.id) ?? '';
		if (was?.outcome !== one.outcome) lines.push(t.outcome(program, outcomeWord(was), outcomeWord(one)));
		if (was?.reason !== one.reason) lines.push(t.reason(program, reasonWord(was), reasonWord(one)));
	}
	const visits = added(
		before.visits.map(({ id }) => id),
		after.visits.map(({ id }) => id),
	);
	if (visits > 0) lines.push(t.visits(visits));
	const photos = added(photosOf(before), photosOf(after));
	if (photos > 0) lines.push(t.photos(photos));
	const flags = added(
		currentFlags(before).map(({ flag }) => flag),
		currentFlags(after).map(({ flag }) => flag),
	);
	if (flags > 0) lines.push(t.flags(flags));
	const [was, is] = [currentVisit(before), currentVisit(after)];
	if (JSON.stringify(was?.answers) !== JSON.stringify(is?.answers)) lines.push(t.answers);
	if (JSON.stringify(was?.pin) !== JSON.stringify(is?.pin)) lines.push(t.pin);
	return lines;
}
