/** A village drawn flat: metres east and south of a place, and how they fit a box of pixels. */

/** Degrees. */
export interface Place {
	readonly lat: number;
	readonly lon: number;
}

/** Metres or pixels; `y` grows to the south, as in an SVG. */
export interface Point {
	readonly x: number;
	readonly y: number;
}

export interface Bounds {
	readonly min: Point;
	readonly max: Point;
}

export interface View {
	/** Pixels a metre. */
	readonly scale: number;
	readonly at: (point: Point) => Point;
}

type Ring = readonly Place[];
/** The outer ring first, then holes. */
type Polygon = readonly Ring[];

const EARTH_M = 6_371_008.8;
const METRES_A_DEGREE = (EARTH_M * Math.PI) / 180;
const DIRECTIONS = 8;

/** A place of the server's degrees × 10⁷. */
export function placeOf({ lat_e7, lon_e7 }: { lat_e7: number; lon_e7: number }): Place {
	return { lat: lat_e7 / 1e7, lon: lon_e7 / 1e7 };
}

/** Metres from `origin`, as if the ground were flat: within a city the error is less than a pixel. */
export function metresFrom(origin: Place): (place: Place) => Point {
	const eastward = METRES_A_DEGREE * Math.cos((origin.lat * Math.PI) / 180);
	return ({ lat, lon }) => ({ x: (lon - origin.lon) * eastward, y: (origin.lat - lat) * METRES_A_DEGREE });
}

/** Metres between two places. */
export function distanceM(a: Place, b: Place): number {
	const flat = metresFrom({ lat: (a.lat + b.lat) / 2, lon: a.lon });
	const [from, to] = [flat(a), flat(b)];
	return Math.hypot(to.x - from.x, to.y - from.y);
}

/** Which of eight directions `to` lies in, seen from `from`: 0 north, 2 east, and so round. */
export function directionOf(from: Place, to: Place): number {
	const { x, y } = metresFrom(from)(to);
	const turn = Math.atan2(x, -y) / (2 * Math.PI);
	return (Math.round(turn * DIRECTIONS) + DIRECTIONS) % DIRECTIONS;
}

/** The smallest box around the points, at least `least` metres from its middle to each side. */
export function boundsOf(points: readonly Point[], least = 0): Bounds | null {
	if (points.length === 0) return null;
	const xs = points.map(({ x }) => x);
	const ys = points.map(({ y }) => y);
	const [left, right, top, bottom] = [xs.reduce(lesser), xs.reduce(greater), ys.reduce(lesser), ys.reduce(greater)];
	const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
	const [halfX, halfY] = [Math.max(least, (right - left) / 2), Math.max(least, (bottom - top) / 2)];
	return { min: { x: middleX - halfX, y: middleY - halfY }, max: { x: middleX + halfX, y: middleY + halfY } };
}

function lesser(a: number, b: number): number {
	return Math.min(a, b);
}

function greater(a: number, b: number): number {
	return Math.max(a, b);
}

/** The bounds in the middle of a box of pixels, one scale for both directions. */
export function fit(bounds: Bounds, width: number, height: number, padding: number): View {
	const across = Math.max(bounds.max.x - bounds.min.x, 1e-6);
	const down = Math.max(bounds.max.y - bounds.min.y, 1e-6);
	const scale = Math.max(Math.min((width - 2 * padding) / across, (height - 2 * padding) / down), 1e-9);
	const middle = { x: (bounds.min.x + bounds.max.x) / 2, y: (bounds.min.y + bounds.max.y) / 2 };
	return {
		scale,
		at: ({ x, y }) => ({ x: width / 2 + (x - middle.x) * scale, y: height / 2 + (y - middle.y) * scale }),
	};
}

/** A round length that a bar of at most `most` pixels can show. */
export function scaleBar(scale: number, most: number): { metres: number; pixels: number } {
	const longest = most / scale;
	const power = 10 ** Math.floor(Math.log10(longest));
	const step = [5, 2, 1].find((one) => one * power <= longest) ?? 1;
	return { metres: step * power, pixels: step * power * scale };
}

function isNumber(value: unknown): value is number {
	return typeof value === 'number' && Number.isFinite(value);
}

function readRing(value: unknown): Ring {
	if (!Array.isArray(value)) return [];
	return value.flatMap((pair: unknown) => {
		const [lon, lat]: unknown[] = Array.isArray(pair) ? pair : [];
		return isNumber(lon) && isNumber(lat) ? [{ lat, lon }] : [];
	});
}

function readPolygon(value: unknown): Polygon {
	if (!Array.isArray(value)) return [];
	// Fewer than a triangle's corners make no area.
	return value.map(readRing).filter((ring) => ring.length >= 3);
}

/** The polygons of a GeoJSON geometry; what is none of ours is left out. */
export function readOutline(geometry: unknown): Polygon[] {
	if (typeof geometry !== 'object' || geometry === null) return [];
	const { type, coordinates }: { type?: unknown; coordinates?: unknown } = geometry;
	const polygons =
		type === 'Polygon'
			? [readPolygon(coordinates)]
			: type === 'MultiPolygon' && Array.isArray(coordinates)
				? coordinates.map(readPolygon)
				: [];
	return polygons.filter((polygon) => polygon.length > 0);
}

/** The `d` of a path; corners closer than half a pixel to the one before are left out. */
export function pathOf(rings: readonly (readonly Point[])[]): string {
	return rings
		.map((ring) => {
			const kept: Point[] = [];
			for (const point of ring) {
				const last = kept.at(-1);
				if (last === undefined || Math.hypot(point.x - last.x, point.y - last.y) >= 0.5) kept.push(point);
			}
			return `M${kept.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`;
		})
		.join('');
}
