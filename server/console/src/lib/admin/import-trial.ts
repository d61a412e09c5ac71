/** How what an import told differs from what its try foretold. Pure. */
const COUNTS = ['added', 'changed', 'unchanged', 'waiting', 'rejected', 'warned'] as const;

type Count = (typeof COUNTS)[number];
type Counts = Readonly<Record<Count, number>>;

export interface Difference {
	readonly count: Count;
	readonly before: number;
	readonly now: number;
}

/** The counts that changed, in the order in which a report shows them. */
export function differences(foretold: Counts, report: Counts): Difference[] {
	return COUNTS.filter((count) => foretold[count] !== report[count]).map((count) => ({ count, before: foretold[count], now: report[count] }));
}
