/** Lists that are needed whole: page after page until nothing follows or there is enough. */

interface Page<Row> {
	readonly items: readonly Row[];
	readonly next?: string | null;
}

export interface Every<Row> {
	readonly rows: Row[];
	/** There was more than was wanted. */
	readonly more: boolean;
}

/** `stop` ends it after a page; `told` hears how many there are so far. */
export async function every<Row>(
	ask: (after: string | undefined) => Promise<Page<Row>>,
	most: number,
	{ stop = () => false, told }: { stop?: () => boolean; told?: (count: number) => void } = {},
): Promise<Every<Row>> {
	const rows: Row[] = [];
	let after: string | undefined;
	do {
		const page = await ask(after);
		rows.push(...page.items);
		told?.(rows.length);
		after = page.next ?? undefined;
	} while (after !== undefined && rows.length < most && !stop());
	return { rows: rows.slice(0, most), more: after !== undefined || rows.length > most };
}
