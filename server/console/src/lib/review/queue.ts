/** Which cases are held, and which of their photos are loaded, in which order. Pure. */
import { mainPhotos, shotsOf, type CaseView, type PhotoView } from './evidence.ts';

/** The one on the screen and those loaded ahead; the server lets nobody hold more. */
export const MOST_HELD = 3;

/** What a claim answered put behind what is held already. What was judged or passed over a moment ago does not come back. */
export function extended(
	held: readonly CaseView[],
	told: readonly CaseView[],
	gone: ReadonlySet<string>,
): CaseView[] {
	const known = new Set(held.map(({ id }) => id));
	const fresh = told.filter(({ id }) => !known.has(id) && !gone.has(id));
	return [...held, ...fresh];
}

export type Side = '320' | '1600';

/** One photo to be loaded for one case. */
export interface Want {
	readonly case: string;
	readonly photo: string;
	readonly side: Side;
	/** Of the case on the screen. */
	readonly now: boolean;
}

/** A photo has copies to show only then. */
export function isReady(photo: PhotoView): boolean {
	return photo.state === 'ready';
}

/**
 * What to load, the most urgent first: the two main photos and the small ones of the case on the screen, the same of the
 * next, the small ones of the one after; then the other large ones of the case on the screen. Last the main ones of the
 * third case: without a line it can be judged as well. `sparing`: no third case.
 */
export function plan(held: readonly CaseView[], sparing: boolean): Want[] {
	const wants: Want[] = [];
	const late: Want[] = [];
	held.slice(0, sparing ? 2 : MOST_HELD).forEach((view, place) => {
		const shots = shotsOf(view);
		const now = place === 0;
		const want = (photo: PhotoView, side: Side): Want => ({ case: view.id, photo: photo.id, side, now });
		const main = mainPhotos(shots).filter(isReady).map((photo) => want(photo, '1600'));
		if (place < 2) wants.push(...main);
		wants.push(...shots.map(({ photo }) => photo).filter(isReady).map((photo) => want(photo, '320')));
		if (now) late.push(...shots.flatMap(({ photo }) => (isReady(photo) ? [want(photo, '1600')] : [])));
		else if (place === 2) late.push(...main);
	});
	const seen = new Set<string>();
	return [...wants, ...late].filter((each) => {
		const key = wantKey(each);
		if (seen.has(key)) return false;
		seen.add(key);
		return true;
	});
}

export function wantKey({ case: id, photo, side }: Pick<Want, 'case' | 'photo' | 'side'>): string {
	return `${id}/${photo}/${side}`;
}
