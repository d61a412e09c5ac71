/** The lists of a village, all of them and in the order of the paper. */
import { api, ProblemError, told, type Schemas } from '#lib/api.ts';

export type Row = Schemas['RtCheckRow'];
export type Finding = Schemas['RtFinding'];

export const FINDINGS = ['present', 'died', 'moved', 'unknown', 'well_off'] as const satisfies readonly Finding[];

export interface Sheet {
	readonly month: string;
	readonly rows: readonly Row[];
}

export interface Asked {
	readonly region: string;
	readonly rw?: string;
	readonly rt?: string;
}

/** Every page of a list; `soFar` is told after each. When the family at which a page ended left the list meanwhile, it is read anew. */
export async function wholeSheet(asked: Asked, signal: AbortSignal, soFar: (rows: number) => void = () => {}): Promise<Sheet> {
	try {
		return await everyPage(asked, signal, soFar);
	} catch (error) {
		if (error instanceof ProblemError && error.code === 'bad_cursor') return await everyPage(asked, signal, soFar);
		throw error;
	}
}

async function everyPage(asked: Asked, signal: AbortSignal, soFar: (rows: number) => void): Promise<Sheet> {
	const rows: Row[] = [];
	let month = '';
	let after: string | null | undefined;
	do {
		const query = { ...asked, limit: 500, ...(after ? { after } : {}) };
		const part: Schemas['RtSheet'] = await told(api.GET('/v1/rt-checks', { params: { query }, signal }));
		rows.push(...part.items);
		({ month } = part);
		after = part.next;
		soFar(rows.length);
	} while (after);
	return { month, rows };
}

/** What is known of a row; a word that this page does not know is nothing that it can show. */
export function findingOf(row: Row): Finding | null {
	return FINDINGS.find((one) => one === row.finding) ?? null;
}

/** Rows of one RT after those of another. */
export function byRt(rows: readonly Row[]): { readonly rw: string; readonly rt: string; readonly rows: readonly Row[] }[] {
	const parts: { rw: string; rt: string; rows: Row[] }[] = [];
	for (const row of rows) {
		const last = parts.at(-1);
		if (last !== undefined && last.rw === row.rw && last.rt === row.rt) last.rows.push(row);
		else parts.push({ rw: row.rw, rt: row.rt, rows: [row] });
	}
	return parts;
}
