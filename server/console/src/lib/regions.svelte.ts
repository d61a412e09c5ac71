/** Names of the regions, fetched once after signing in. */
import { api, told, type Schemas } from './api.ts';
import { training } from './texts/training.ts';
import { isTraining } from './training.ts';

export type Region = Schemas['RegionView'];

class Regions {
	list = $state<Region[]>([]);
	/** The last time it was asked, no answer came. */
	failed = $state(false);
	readonly #names = $derived(new Map(this.list.map((region) => [region.code, region.name])));
	#asked = false;

	async load(): Promise<void> {
		if (this.#asked) return;
		this.#asked = true;
		this.failed = false;
		try {
			this.list = (await told(api.GET('/v1/regions'))).items;
		} catch {
			// Codes stand for the names until the next page load of this kind.
			this.#asked = false;
			this.failed = true;
		}
	}

	/** Asks again: there are others now. */
	async reload(): Promise<void> {
		this.#asked = false;
		await this.load();
	}

	/** A region's name, or its code while the name is not known. */
	name(code: string): string {
		return this.#names.get(code) ?? (isTraining(code) ? training.area : code);
	}

	/** `Bandar Lor, Mojoroto`: a village with its district. */
	full(code: string): string {
		const name = this.name(code);
		const above = code.split('.').slice(0, -1).join('.');
		return code.split('.').length === 4 && this.#names.has(above) ? `${name}, ${this.name(above)}` : name;
	}
}

export const regions = new Regions();

export function regionName(code: string): string {
	return regions.name(code);
}
