/** How much waits for this person's word: what the menu says beside a page. */
import { api, told, type Schemas } from './api.ts';
import { may } from './session.svelte.ts';

/** Between two looks that nobody asked for. */
const REST_MS = 10_000;

class Work {
	waiting = $state.raw<Schemas['DecisionQueue'] | null>(null);
	#asked = 0;

	/** Asks again, after something was done. */
	async load(): Promise<void> {
		if (!may('decide_cases') && !may('confirm_decisions')) return;
		this.#asked = Date.now();
		try {
			this.waiting = await told(api.GET('/v1/decisions/waiting'));
		} catch {
			// The number before may be wrong by now; none is better.
			this.waiting = null;
		}
	}

	/** Asks when the last answer is old. */
	glance(): void {
		if (Date.now() - this.#asked >= REST_MS) void this.load();
	}

	/** Nobody is at work here. */
	forget(): void {
		this.waiting = null;
		this.#asked = 0;
	}
}

export const work = new Work();
