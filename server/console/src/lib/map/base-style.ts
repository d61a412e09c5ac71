/** What of a base map is drawn, and how: quiet, without words, under everything else. Pure. */

/** The colour a token has now. */
type Colours = (token: string) => string;

type Kind = 'vector' | 'raster';

interface Layer {
	readonly id: string;
	readonly type: 'raster' | 'fill' | 'line';
	readonly source: 'base';
	readonly 'source-layer'?: string;
	readonly paint: Readonly<Record<string, unknown>>;
}

/**
 * Layers by what the two usual schemas, Protomaps and OpenMapTiles, call them. Words would need glyphs, and the names of
 * villages stand in the list.
 */
const DRAWN: readonly { names: readonly string[]; type: 'fill' | 'line'; token: string; width?: number; opacity?: number }[] = [
	{ names: ['earth'], type: 'fill', token: '--surface' },
	{ names: ['landuse', 'landcover', 'park'], type: 'fill', token: '--ok-tint', opacity: 0.5 },
	{ names: ['water'], type: 'fill', token: '--brand-tint' },
	{ names: ['waterway', 'physical_line'], type: 'line', token: '--brand-tint', width: 2 },
	{ names: ['buildings', 'building'], type: 'fill', token: '--divider' },
	{ names: ['roads', 'transportation'], type: 'line', token: '--muted', width: 1, opacity: 0.6 },
];

/** The layers to draw of a file that has these. */
export function layersOf(kind: Kind, has: readonly string[], colour: Colours, dark: boolean): Layer[] {
	if (kind === 'raster') {
		// Pictures are made for a light page.
		const paint = dark ? { 'raster-brightness-max': 0.5, 'raster-saturation': -0.5 } : { 'raster-saturation': -0.3 };
		return [{ id: 'base', type: 'raster', source: 'base', paint: { ...paint, 'raster-fade-duration': 0 } }];
	}
	return DRAWN.flatMap(({ names, type, token, width, opacity }) =>
		names
			.filter((name) => has.includes(name))
			.map((name): Layer => {
				const paint =
					type === 'fill'
						? { 'fill-color': colour(token), 'fill-opacity': opacity ?? 1, 'fill-antialias': false }
						: { 'line-color': colour(token), 'line-width': width ?? 1, 'line-opacity': opacity ?? 1 };
				return { id: `base-${name}`, type, source: 'base', 'source-layer': name, paint };
			}),
	);
}

/** The names of the vector layers that a file's metadata lists. */
export function namesOf(metadata: unknown): string[] {
	const listed: unknown = field(metadata, 'vector_layers');
	if (!Array.isArray(listed)) return [];
	return listed.map((each: unknown) => field(each, 'id')).filter((id): id is string => typeof id === 'string');
}

/** Whom the map is by, as text: metadata hold a piece of a page, which is nobody's to run here. */
export function creditOf(metadata: unknown): string {
	const said = field(metadata, 'attribution');
	if (typeof said !== 'string') return '';
	const words = said
		.replace(/<[^>]*>/g, ' ')
		.replaceAll('&copy;', '©')
		.replaceAll('&nbsp;', ' ')
		.replaceAll('&amp;', '&');
	return words.replace(/\s+/g, ' ').trim().slice(0, 200);
}

function field(of: unknown, name: string): unknown {
	return typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}
