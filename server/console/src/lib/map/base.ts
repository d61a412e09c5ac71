/** The base map: a PMTiles file of this server, asked for once a sitting. Imported only where a map is shown. */
import { api, told } from '#lib/api.ts';

import { creditOf, namesOf } from './base-style.ts';
import { addProtocol } from './engine.ts';

export interface Base {
	readonly kind: 'vector' | 'raster';
	/** What MapLibre reads it by. */
	readonly url: string;
	/** Its vector layers. */
	readonly has: readonly string[];
	/** Whom it is by. */
	readonly credit: string;
}

const PATH = '/v1/map/base.pmtiles';

let asked: Promise<Base | null> | null = null;

/** Null where there is none, or while it cannot be had: the map does without. */
export function base(): Promise<Base | null> {
	asked ??= ask().catch(() => {
		asked = null;
		return null;
	});
	return asked;
}

async function ask(): Promise<Base | null> {
	const { tiles } = await told(api.GET('/v1/map/base'));
	if (tiles !== 'vector' && tiles !== 'raster') return null;
	// Most cities have no such file, and need nothing that reads one.
	const { PMTiles, Protocol } = await import('pmtiles');
	const address = new URL(PATH, location.origin).href;
	const file = new PMTiles(address);
	const metadata = await file.getMetadata();
	const protocol = new Protocol();
	protocol.add(file);
	addProtocol('pmtiles', protocol.tile);
	return { kind: tiles, url: `pmtiles://${address}`, has: namesOf(metadata), credit: creditOf(metadata) };
}
