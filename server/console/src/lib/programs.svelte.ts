/** The programs of this registry, fetched once when a form or a filter asks for them. */
import { api, told, type Schemas } from './api.ts';
import { session } from './session.svelte.ts';
import { programsIn } from './training.ts';

class Programs {
	#all = $state.raw<readonly Schemas['ProgramView'][]>([]);
	/** Those that something can be found under in this tab. */
	readonly list = $derived(programsIn(session.training, this.#all));
	#asked = false;

	async load(): Promise<void> {
		if (this.#asked) return;
		this.#asked = true;
		try {
			this.#all = (await told(api.GET('/v1/programs'))).items;
		} catch {
			// Those met on the page stand for the rest until somebody asks again.
			this.#asked = false;
		}
	}
}

export const programs = new Programs();
