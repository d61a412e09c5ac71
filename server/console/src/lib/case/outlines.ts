/** Village outlines, each asked for once: dozens of cases lie in one village. */
import { api, ProblemError, told } from '#lib/api.ts';

import { readOutline } from './projection.ts';

type Outline = ReturnType<typeof readOutline>;

const asked = new Map<string, Promise<Outline>>();

async function fetched(code: string): Promise<Outline> {
	try {
		const { geometry } = await told(api.GET('/v1/regions/{code}/outline', { params: { path: { code } } }));
		return readOutline(geometry);
	} catch (error) {
		// A village without boundary stays without; anything else may be asked again.
		if (!(error instanceof ProblemError && error.status === 404)) asked.delete(code);
		return [];
	}
}

/** The polygons of a region's outline; none when it has no boundary or it cannot be had now. */
export function outlineOf(code: string): Promise<Outline> {
	const known = asked.get(code) ?? fetched(code);
	asked.set(code, known);
	return known;
}
