/** Which replacements can be put on paper, and on which sheets. Pure. */
import type { Schemas } from '../api.ts';

export type Replacement = Schemas['ReplacementRow'];

/** One set of papers: a village's, of one program. */
export interface Papers {
	readonly region: string;
	readonly program: string;
	readonly rows: readonly Replacement[];
}

/** Whether the place is the successor's by now; before that there is nothing to sign. */
export function isSettled(row: Replacement): boolean {
	return row.state !== 'candidate';
}

/** The papers of these rows, by village, then by program; within one, the oldest first. */
export function papersOf(rows: readonly Replacement[]): Papers[] {
	const sets = Map.groupBy(rows.filter(isSettled), ({ region, program }) => `${region} ${program}`);
	return [...sets]
		.toSorted(([a], [b]) => (a < b ? -1 : 1))
		.flatMap(([, of]) => {
			const [first] = of;
			if (first === undefined) return [];
			const rows = of.toSorted((a, b) => ((a.confirmed_at ?? '') < (b.confirmed_at ?? '') ? -1 : 1));
			return [{ region: first.region, program: first.program, rows }];
		});
}
