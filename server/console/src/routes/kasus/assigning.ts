/** Who may be given which cases, and in which order they are walked to. */
import type { Schemas } from '#lib/api.ts';
import { byName } from '#lib/format.ts';

type CaseRow = Schemas['CaseRow'];
type Officer = Schemas['OfficerView'];

/** The server takes no more in one act. */
export const MOST = 500;

const GIVEN: ReadonlySet<string> = new Set(['assigned', 'returned']);

/** Whether a case in this state can be given to an officer. */
export function mayAssign(state: string): boolean {
	return state === 'open' || GIVEN.has(state);
}

/** Whether a case in this state can be taken from its officer. */
export function mayRelease(state: string): boolean {
	return GIVEN.has(state);
}

/** Whether `code` is `region` or lies above it: a prefix of whole segments. */
export function covers(code: string, region: string): boolean {
	return region === code || region.startsWith(`${code}.`);
}

export function worksIn(officer: Pick<Officer, 'regions'>, region: string): boolean {
	return officer.regions.some((code) => covers(code, region));
}

/** The officers whose regions hold every one of these villages, by name. */
export function officersFor(officers: readonly Officer[], villages: readonly string[]): Officer[] {
	const wanted = [...new Set(villages)];
	return officers
		.filter((officer) => wanted.every((village) => worksIn(officer, village)))
		.toSorted((a, b) => byName(a.name, b.name));
}

/** Village by village, RW by RW, RT by RT: `2` before `10` and `02` beside `2`. */
export function walkingOrder<Row extends Pick<CaseRow, 'region' | 'rt' | 'rw' | 'name'>>(rows: readonly Row[]): Row[] {
	return rows.toSorted(
		(a, b) => byName(a.region, b.region) || byName(a.rw, b.rw) || byName(a.rt, b.rt) || byName(a.name, b.name),
	);
}
