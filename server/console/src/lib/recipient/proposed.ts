/** Who proposed what by which document, as far as the server tells it. */
import type { Schemas } from '#lib/api.ts';
import { dateTime } from '#lib/format.ts';
import { approval as t } from '#lib/texts/recipients.ts';

import { proposalOf } from './duty.ts';

/** These fields come with a later server; a membership without them is shown without. */
type Proposed = Schemas['MembershipView'] & { document_number?: string | null };

export function documentOf(membership: Proposed): string | null {
	return membership.document_number ?? null;
}

/** `Diajukan Siti (operator), 24 Nov 2026, 14.05 WIB`; null when nothing was proposed. */
export function proposedBy(acts: readonly Schemas['HistoryRow'][]): string | null {
	const act = proposalOf(acts);
	return act === undefined ? null : t.proposedBy(act.name ?? t.unnamed, dateTime(act.at));
}
