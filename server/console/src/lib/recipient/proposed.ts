/** Who proposed what by which document. */
import type { Schemas } from '#lib/api.ts';
import { dateTime } from '#lib/format.ts';
import { approval as t } from '#lib/texts/recipients.ts';

type Membership = Schemas['MembershipView'];

/**
 * `Diajukan Siti, 24 Nov 2026, 14.05 WIB`, and who confirmed it; `Diputuskan …` of what was `settled` by one person alone.
 * Nothing when nothing was proposed.
 */
export function saidBy({ proposed_by, proposed_by_name, proposed_at, confirmed_by_name, confirmed_at }: Membership, settled: boolean): string[] {
	if (!proposed_by || !proposed_at) return [];
	const [who, when] = [proposed_by_name ?? t.unnamed, dateTime(proposed_at)];
	if (!settled) return [t.proposedBy(who, when)];
	if (!confirmed_at) return [t.decidedBy(who, when)];
	return [t.proposedBy(who, when), t.confirmedBy(confirmed_by_name ?? t.unnamedApprover, dateTime(confirmed_at))];
}

/** The memberships whose last proposal was refused and that nobody has decided since. */
export function refusedIn(list: readonly Membership[]): Membership[] {
	return list.filter((one) => one.refused && !one.outcome);
}
