/** What the full map of a case draws: the pin with how sure it is, earlier pins and the way between. Pure. */
import { EARTH_M, lonLat, type LonLat } from '../geo/projection.ts';

export interface Pinned {
	readonly lat_e7: number;
	readonly lon_e7: number;
	readonly accuracy_cm: number;
}

/** South, west, north, east, degrees × 10⁷. */
type Box = readonly [south: number, west: number, north: number, east: number];

const CORNERS = 48;
const METRES_PER_DEGREE = (Math.PI * EARTH_M) / 180;
/** Farther away than this a circle only hides what it is about. */
const MOST_M = 200;

/** A circle on the ground as a ring: the map's own circles are measured in pixels. */
export function circle({ lat_e7, lon_e7, accuracy_cm }: Pinned): LonLat[] {
	const [lat, lon] = [lat_e7 / 1e7, lon_e7 / 1e7];
	const up = accuracy_cm / 100 / METRES_PER_DEGREE;
	const aside = up / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
	return Array.from({ length: CORNERS + 1 }, (_, n) => {
		const turn = (n % CORNERS) * ((2 * Math.PI) / CORNERS);
		return [lon + aside * Math.sin(turn), lat + up * Math.cos(turn)] as const;
	});
}

/** All of some pins, with what lies around them as near as anybody needs. */
export function around(pins: readonly Pinned[]): Box | null {
	let box: Box | null = null;
	for (const pin of pins) {
		for (const [lon, lat] of circle({ ...pin, accuracy_cm: Math.min(pin.accuracy_cm, MOST_M * 100) })) {
			const [x, y] = [Math.round(lon * 1e7), Math.round(lat * 1e7)];
			box =
				box === null
					? [y, x, y, x]
					: [Math.min(box[0], y), Math.min(box[1], x), Math.max(box[2], y), Math.max(box[3], x)];
		}
	}
	return box;
}

/** All of a village. */
export function boxOf(rings: readonly (readonly LonLat[])[]): Box | null {
	const corners = rings.flat().map(([lon, lat]) => ({ lat_e7: Math.round(lat * 1e7), lon_e7: Math.round(lon * 1e7), accuracy_cm: 0 }));
	return around(corners);
}

interface Drawn {
	readonly type: 'Feature';
	readonly properties: Readonly<Record<string, never>>;
	readonly geometry:
		| { readonly type: 'Point'; readonly coordinates: [number, number] }
		| { readonly type: 'LineString'; readonly coordinates: [number, number][] }
		| { readonly type: 'Polygon'; readonly coordinates: [number, number][][] };
}

const feature = (geometry: Drawn['geometry']): Drawn => ({ type: 'Feature', properties: {}, geometry });
const corner = ([lon, lat]: LonLat): [number, number] => [lon, lat];

/** What the small drawing of a pin shows, as MapLibre takes it. */
export function featuresOf(pin: Pinned, earlier: readonly Pinned[]) {
	const place = (of: Pinned) => feature({ type: 'Point', coordinates: corner(lonLat(of)) });
	const area = (of: Pinned) => feature({ type: 'Polygon', coordinates: [circle(of).map(corner)] });
	const way = (of: Pinned) => feature({ type: 'LineString', coordinates: [lonLat(of), lonLat(pin)].map(corner) });
	const [last] = earlier;
	const [lon, lat] = lonLat(pin);
	const middle = (from: LonLat): [number, number] => [(from[0] + lon) / 2, (from[1] + lat) / 2];
	return {
		pin: [place(pin)],
		range: [area(pin)],
		old: earlier.map(place),
		oldRanges: earlier.map(area),
		ways: earlier.map(way),
		/** Where the way from the last pin is said to be how long. */
		length: last === undefined ? [] : [feature({ type: 'Point', coordinates: middle(lonLat(last)) })],
	};
}
