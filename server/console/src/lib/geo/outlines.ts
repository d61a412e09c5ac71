/** Where villages end, asked for once each: a reviewer sees house after house of the same one. */
import { api, ProblemError, told } from '#lib/api.ts';

import { ringsOf, type LonLat } from './projection.ts';

export type Rings = readonly (readonly LonLat[])[];

const asked = new Map<string, Promise<Rings>>();
const known = new Map<string, Rings>();

/** What is here already: a case loaded ahead appears with its map. */
export function outlineNow(region: string): Rings | undefined {
	return known.get(region);
}

/** No rings when the village has no boundary, or while it cannot be had. */
export function outlineOf(region: string): Promise<Rings> {
	const before = asked.get(region);
	if (before !== undefined) return before;
	const rings = told(api.GET('/v1/regions/{code}/outline', { params: { path: { code: region } } })).then(
		({ geometry }) => {
			const found = ringsOf(geometry);
			known.set(region, found);
			return found;
		},
		(error: unknown) => {
			// A village without a boundary stays so for this sitting; anything else is asked again with the next case.
			if (error instanceof ProblemError && error.status === 404) known.set(region, []);
			else asked.delete(region);
			return [];
		},
	);
	asked.set(region, rings);
	return rings;
}
