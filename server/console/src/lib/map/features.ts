/** What the server says of a part of the map, as MapLibre draws it. Pure. */
import type { Schemas } from '../api.ts';

type MapView = Schemas['MapView'];
type StateCount = Schemas['StateCount'];

/** South, west, north, east, degrees × 10⁷, as the server has them. */
export type Bounds = readonly [south: number, west: number, north: number, east: number];

const PARTS = 12;
const E7 = 1e7;

/** A ring's twelve parts, in the order of the states: every state that occurs has at least one. */
export function partsOf(counts: readonly StateCount[], order: readonly string[]): string[] {
	const sorted = counts
		.filter(({ families }) => families > 0)
		.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
	const whole = sorted.reduce((sum, { families }) => sum + families, 0);
	if (whole === 0) return [];
	const shares = sorted.map(({ state, families }) => ({ state, parts: Math.max(1, Math.round((families / whole) * PARTS)) }));
	// What rounding added or took is the largest one's.
	const largest = shares.reduce((a, b) => (b.parts > a.parts ? b : a));
	largest.parts += PARTS - shares.reduce((sum, { parts }) => sum + parts, 0);
	return shares.flatMap(({ state, parts }) => Array.from({ length: parts }, () => state));
}

/** The parts and the number in one word, which names the picture that shows them. */
export function clusterIcon(counts: readonly StateCount[], label: string, order: readonly string[]): string {
	return `c|${label}|${partsOf(counts, order).join(' ')}`;
}

export function pointIcon(state: string, pinned: boolean): string {
	return `p|${pinned ? 'pin' : 'kira'}|${state}`;
}

export type Icon =
	| { readonly kind: 'cluster'; readonly label: string; readonly parts: readonly string[] }
	| { readonly kind: 'point'; readonly pinned: boolean; readonly state: string };

/** What a picture's name asks for; null when it is none of ours. */
export function readIcon(name: string): Icon | null {
	const [kind, word, rest] = name.split('|');
	if (word === undefined || rest === undefined) return null;
	if (kind === 'c') return { kind: 'cluster', label: word, parts: rest.split(' ').filter(Boolean) };
	return kind === 'p' ? { kind: 'point', pinned: word === 'pin', state: rest } : null;
}

interface Feature {
	readonly type: 'Feature';
	readonly geometry: { readonly type: 'Point'; readonly coordinates: [number, number] };
	readonly properties: Readonly<Record<string, string | number>>;
}

function feature(place: { lat_e7: number; lon_e7: number }, properties: Feature['properties']): Feature {
	return { type: 'Feature', geometry: { type: 'Point', coordinates: [place.lon_e7 / E7, place.lat_e7 / E7] }, properties };
}

/** Clusters and houses as points with a picture each. */
export function featuresOf(view: MapView, short: (n: number) => string, order: readonly string[]): Feature[] {
	const clusters = view.clusters.map((one) =>
		feature(one, { icon: clusterIcon(one.states, short(one.families), order), families: one.families }),
	);
	const points = view.points.map((one) => feature(one, { icon: pointIcon(one.state, one.pinned), family: one.family }));
	return [...clusters, ...points];
}

/** The smallest box around some boxes; null around none. */
export function around(boxes: readonly (readonly number[] | null | undefined)[]): Bounds | null {
	let all: Bounds | null = null;
	for (const box of boxes) {
		const [south, west, north, east] = box ?? [];
		if (south === undefined || west === undefined || north === undefined || east === undefined) continue;
		all =
			all === null
				? [south, west, north, east]
				: [Math.min(all[0], south), Math.min(all[1], west), Math.max(all[2], north), Math.max(all[3], east)];
	}
	return all;
}

/** A box in degrees as the server asks for it: whole numbers, on the earth, never empty. */
export function frameOf(south: number, west: number, north: number, east: number) {
	const e7 = (degrees: number, most: number) => Math.round(Math.max(-most, Math.min(most, degrees)) * E7);
	const low = { south: e7(south, 90), west: e7(west, 180) };
	return { ...low, north: Math.max(low.south + 1, e7(north, 90)), east: Math.max(low.west + 1, e7(east, 180)) };
}

/** `980`, `1,2 rb`, `34 rb`. */
export function shortNumber(n: number, write: (n: number) => string, thousands: (n: string) => string): string {
	if (n < 1_000) return write(n);
	const rounded = n < 9_950 ? Math.round(n / 100) / 10 : Math.round(n / 1_000);
	return thousands(write(rounded));
}
