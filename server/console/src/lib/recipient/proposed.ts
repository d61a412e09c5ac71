/** Who proposed what by which document. */
import type { Schemas } from '#lib/api.ts';
import { dateTime } from '#lib/format.ts';
import { approval as t } from '#lib/texts/recipients.ts';

type Membership = Schemas['MembershipView'];

/** `Diajukan Siti, 24 Nov 2026, 14.05 WIB`; null when nothing was proposed. */
export function proposedBy({ proposed_by, proposed_by_name, proposed_at }: Membership): string | null {
	if (!proposed_by || !proposed_at) return null;
	return t.proposedBy(proposed_by_name ?? t.unnamed, dateTime(proposed_at));
}

/** The memberships whose last proposal was refused and that nobody has decided since. */
export function refusedIn(list: readonly Membership[]): Membership[] {
	return list.filter((one) => one.refused && !one.outcome);
}
