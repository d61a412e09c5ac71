/** How a map of villages is coloured, and where each is written on. Pure. */
import { EARTH_M, type Point } from '#lib/geo/projection.ts';

/** Colours of a map that can be told apart: nothing, and four that are deeper and deeper; percent of the full colour. */
const DEPTHS = [0, 18, 36, 54, 72] as const;

/** How deep a village's colour is: in quarters of the largest number, and none only of none. */
export function depthOf(value: number, most: number): number {
	if (value <= 0 || most <= 0) return DEPTHS[0];
	const quarter = Math.min(4, Math.ceil((value * 4) / most));
	return DEPTHS[quarter] ?? DEPTHS[4];
}

/** The middle of a village: the centroid of its largest ring, which is where a number is written. */
export function middleOf(rings: readonly (readonly Point[])[]): Point {
	let [best, at]: [number, Point] = [-1, { x: 0, y: 0 }];
	for (const ring of rings) {
		let [twice, x, y] = [0, 0, 0];
		for (const [n, from] of ring.entries()) {
			const to = ring[(n + 1) % ring.length] ?? from;
			const cross = from.x * to.y - to.x * from.y;
			twice += cross;
			x += (from.x + to.x) * cross;
			y += (from.y + to.y) * cross;
		}
		const area = Math.abs(twice) / 2;
		// Corners in one line have no area, and no middle by it.
		if (area > best && area < EARTH_M ** 2) [best, at] = [area, area === 0 ? (ring[0] ?? at) : { x: x / (3 * twice), y: y / (3 * twice) }];
	}
	return at;
}
