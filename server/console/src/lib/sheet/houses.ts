/** What a contact sheet shows of its houses, and what becomes of each. Pure. */
import type { Schemas } from '#lib/api.ts';

export type House = Schemas['SheetHouse'];
export type Photo = Schemas['PhotoView'];

/** A photo of a house; `earlier`: of the visit before. */
export interface Look {
	readonly photo: Photo;
	readonly earlier: boolean;
}

/** Most houses on one sheet. */
export const MOST = 12;
/** Columns of the grid where there is room; arrows move by it. */
export const COLUMNS = 4;
/** The key of each place, as it is bound; the last one is said by `keyOf`. */
export const KEYS: readonly string[] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '-', '+'];

/** The key as a person finds it: the plus of most keyboards is a shifted `=`. */
export function keyOf(place: number): string {
	const key = KEYS[place] ?? '';
	return key === '+' ? '=' : key;
}

/** The photos of a house that can be shown: the front first, then the others, then those from before. */
export function looksOf(house: House): Look[] {
	const ready = (photos: readonly Photo[] | undefined) => (photos ?? []).filter(({ state }) => state === 'ready');
	const now = ready(house.photos).toSorted((a, b) => Number(b.kind === 'house_front') - Number(a.kind === 'house_front'));
	const known = new Set(now.map(({ id }) => id));
	return [
		...now.map((photo) => ({ photo, earlier: false })),
		...ready(house.earlier_photos)
			.filter(({ id }) => !known.has(id))
			.map((photo) => ({ photo, earlier: true })),
	];
}

/** Why a house is not accepted with the others. `picked`: somebody found it odd. The others are nobody's judgement. */
export type Out = 'picked' | 'failed' | 'gone';

/** What is to be done with each house. */
export interface Sorted {
	readonly accepted: readonly House[];
	readonly picked: readonly House[];
	/** Neither: they come again one by one or on another sheet. */
	readonly left: readonly House[];
}

export function sorted(houses: readonly House[], out: ReadonlyMap<string, Out>): Sorted {
	return {
		accepted: houses.filter(({ case: id }) => !out.has(id)),
		picked: houses.filter(({ case: id }) => out.get(id) === 'picked'),
		left: houses.filter(({ case: id }) => out.has(id) && out.get(id) !== 'picked'),
	};
}

/** Where an arrow leads from a place among `many`; it stays where there is nothing. */
export function moved(at: number, key: string, many: number, columns: number): number {
	const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
	const ends: Readonly<Record<string, number>> = { Home: 0, End: many - 1 };
	const step = steps[key];
	const goal = step === undefined ? (ends[key] ?? at) : at + step;
	return goal < 0 || goal >= many ? at : goal;
}

/** What a renewal leaves: houses that are gone from it, or that changed since they were shown. */
export function lostOf(houses: readonly House[], kept: readonly Schemas['SheetCase'][]): House[] {
	const versions = new Map(kept.map(({ case: id, version }) => [id, version]));
	return houses.filter(({ case: id, version }) => versions.get(id) !== version);
}

/** Less than this for each house of a sheet is worth telling; the journal says so as well. */
const HURRIED_MS = 500;

export function isHurried({ shown_ms: shown, houses }: Pick<Schemas['OnSheet'], 'shown_ms' | 'houses'>): boolean {
	return shown < HURRIED_MS * houses;
}
