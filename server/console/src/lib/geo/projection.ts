/** A drawn map of a village: degrees to metres to pixels. Pure. Good for some kilometres. */

/** Longitude before latitude, in degrees, as GeoJSON has it. */
export type LonLat = readonly [lon: number, lat: number];

/** Metres east and north of an origin. */
export interface Point {
	readonly x: number;
	readonly y: number;
}

export const EARTH_M = 6_371_008.8;
const RADIAN = Math.PI / 180;
const DIRECTIONS = 8;

export function lonLat(place: { lat_e7: number; lon_e7: number }): LonLat {
	return [place.lon_e7 / 1e7, place.lat_e7 / 1e7];
}

/** Equirectangular at the origin's latitude. */
export function planeAt(origin: LonLat): (place: LonLat) => Point {
	const shrink = Math.cos(origin[1] * RADIAN);
	return ([lon, lat]) => ({
		x: (lon - origin[0]) * RADIAN * EARTH_M * shrink,
		y: (lat - origin[1]) * RADIAN * EARTH_M,
	});
}

export function distance(a: Point, b: Point): number {
	return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Which of eight directions `to` lies in, seen from `from`: 0 north, 2 east, and so round. */
export function directionOf(from: LonLat, to: LonLat): number {
	const { x, y } = planeAt(from)(to);
	const turn = Math.atan2(x, y) / (2 * Math.PI);
	return (Math.round(turn * DIRECTIONS) + DIRECTIONS) % DIRECTIONS;
}

/** What part of the plane is drawn, and how large. */
export interface Frame {
	readonly middle: Point;
	readonly metresPerPixel: number;
	readonly width: number;
	readonly height: number;
}

/** A point and how far around it must be seen, in metres. */
export interface Shown extends Point {
	readonly radius: number;
}

/** The frame in which all is seen, with a margin in pixels. `least` metres are always across. */
export function frameOf(shown: readonly Shown[], width: number, height: number, margin: number, least: number): Frame {
	if (shown.length === 0) return { middle: { x: 0, y: 0 }, metresPerPixel: 1, width, height };
	// A loop: the corners of a city's villages are more than a call takes as arguments.
	let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
	for (const { x, y, radius } of shown) {
		left = Math.min(left, x - radius);
		right = Math.max(right, x + radius);
		bottom = Math.min(bottom, y - radius);
		top = Math.max(top, y + radius);
	}
	const room = { x: Math.max(1, width - 2 * margin), y: Math.max(1, height - 2 * margin) };
	return {
		middle: { x: (left + right) / 2, y: (bottom + top) / 2 },
		metresPerPixel: Math.max((right - left) / room.x, (top - bottom) / room.y, least / Math.min(width, height), 1e-6),
		width,
		height,
	};
}

/** Where a point is drawn: pixels from the upper left corner. */
export function drawn(frame: Frame, point: Point): Point {
	return {
		x: frame.width / 2 + (point.x - frame.middle.x) / frame.metresPerPixel,
		y: frame.height / 2 - (point.y - frame.middle.y) / frame.metresPerPixel,
	};
}

function isPlace(value: unknown): value is LonLat {
	return Array.isArray(value) && Number.isFinite(value[0]) && Number.isFinite(value[1]);
}

function ringsIn(polygon: unknown): LonLat[][] {
	if (!Array.isArray(polygon)) return [];
	return polygon.map((ring: unknown) => (Array.isArray(ring) ? ring.filter(isPlace) : [])).filter((ring) => ring.length > 2);
}

/** All rings of a GeoJSON `Polygon` or `MultiPolygon`; none of anything else. */
export function ringsOf(geometry: unknown): LonLat[][] {
	if (typeof geometry !== 'object' || geometry === null || !('type' in geometry) || !('coordinates' in geometry)) return [];
	const { type, coordinates } = geometry;
	if (type === 'Polygon') return ringsIn(coordinates);
	if (type === 'MultiPolygon' && Array.isArray(coordinates)) return coordinates.flatMap(ringsIn);
	return [];
}

/** An SVG path of rings on the plane. */
export function pathOf(rings: readonly (readonly Point[])[], frame: Frame): string {
	return rings
		.map((ring) => {
			const points = ring.map((point) => {
				const { x, y } = drawn(frame, point);
				return `${x.toFixed(1)} ${y.toFixed(1)}`;
			});
			return `M${points.join('L')}Z`;
		})
		.join('');
}

/** A round length that is at most `most` pixels long. */
export function scaleBar(metresPerPixel: number, most: number): { metres: number; pixels: number } {
	const room = metresPerPixel * most;
	const power = 10 ** Math.floor(Math.log10(room));
	const metres = ([5, 2, 1].find((step) => step * power <= room) ?? 1) * power;
	return { metres, pixels: metres / metresPerPixel };
}
