/** The rows of a list by name and address: one a membership, by village, then by name. */
import type { Schemas } from '#lib/api.ts';
import { byName } from '#lib/format.ts';

type CaseView = Schemas['CaseView'];
type Membership = Schemas['MembershipView'];

/** As it was proposed, or as it was confirmed. */
export type Standing = 'usulan' | 'ditetapkan';

export interface AnnexRow {
	readonly view: CaseView;
	readonly membership: Membership;
}

export interface AnnexVillage {
	readonly region: string;
	readonly families: number;
	readonly rows: readonly AnnexRow[];
}

/** `of`: which memberships of each case are listed. */
export function annexOf(views: readonly CaseView[], of: (view: CaseView) => readonly Membership[]): AnnexVillage[] {
	const listed = views.filter((view) => of(view).length > 0);
	return [...Map.groupBy(listed, (view) => view.region)]
		.toSorted(([a], [b]) => byName(a, b))
		.map(([region, here]) => ({
			region,
			families: here.length,
			rows: here
				.toSorted((a, b) => byName(a.family.name, b.family.name))
				.flatMap((view) => of(view).map((membership) => ({ view, membership }))),
		}));
}

/** The last rows of a sheet, which the signature stays with. */
const WITH_SIGNATURE = 2;

export function parted<Row>(rows: readonly Row[]): [readonly Row[], readonly Row[]] {
	const at = Math.max(0, rows.length - WITH_SIGNATURE);
	return [rows.slice(0, at), rows.slice(at)];
}
