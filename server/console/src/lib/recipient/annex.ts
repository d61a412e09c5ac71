/** The rows of a list by name and address: one a membership, by village, then by name. */
import type { Schemas } from '#lib/api.ts';
import { byName } from '#lib/format.ts';

type CaseView = Schemas['CaseView'];

export interface AnnexRow {
	readonly view: CaseView;
	readonly membership: Schemas['MembershipView'];
}

export interface AnnexVillage {
	readonly region: string;
	readonly families: number;
	readonly rows: readonly AnnexRow[];
}

/** `of`: which memberships of each case are listed, as they were proposed. */
export function annexOf(views: readonly CaseView[], of: (view: CaseView) => readonly Schemas['MembershipView'][]): AnnexVillage[] {
	return [...Map.groupBy(views, (view) => view.region)]
		.toSorted(([a], [b]) => byName(a, b))
		.map(([region, here]) => ({
			region,
			families: here.length,
			rows: here
				.toSorted((a, b) => byName(a.family.name, b.family.name))
				.flatMap((view) => of(view).map((membership) => ({ view, membership }))),
		}));
}
