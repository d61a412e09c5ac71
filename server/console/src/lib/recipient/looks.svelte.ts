/** What a list needs of each of its cases beyond the row: the evidence, and who did what. A few are asked for at a time. */
import { SvelteMap } from 'svelte/reactivity';

import { api, told, type Schemas } from '#lib/api.ts';

type CaseView = Schemas['CaseView'];
type HistoryRow = Schemas['HistoryRow'];

export interface Look {
	readonly view: CaseView | null;
	/** Empty unless asked for. */
	readonly acts: readonly HistoryRow[];
	/** Why there is no view. */
	readonly error: unknown;
}

const AT_ONCE = 4;

export class Looks {
	readonly found = new SvelteMap<string, Look>();
	readonly #history: boolean;
	#abort = new AbortController();

	/** `history`: whether to ask for the acts too. */
	constructor({ history = false } = {}) {
		this.#history = history;
	}

	/** Asks for these cases and forgets all others. */
	async load(ids: readonly string[]): Promise<void> {
		this.stop();
		this.#abort = new AbortController();
		const { signal } = this.#abort;
		this.found.clear();
		const left = [...ids];
		const worker = async () => {
			for (let id = left.shift(); id !== undefined && !signal.aborted; id = left.shift()) {
				const look = await this.#look(id, signal);
				if (!signal.aborted) this.found.set(id, look);
			}
		};
		await Promise.all(Array.from({ length: AT_ONCE }, worker));
	}

	/** Asks again for one case. */
	async again(id: string): Promise<void> {
		const { signal } = this.#abort;
		const look = await this.#look(id, signal);
		if (!signal.aborted) this.found.set(id, look);
	}

	stop(): void {
		this.#abort.abort();
	}

	async #look(id: string, signal: AbortSignal): Promise<Look> {
		const params = { path: { id } };
		try {
			const [view, acts] = await Promise.all([
				told(api.GET('/v1/cases/{id}', { params, signal })),
				this.#history ? told(api.GET('/v1/cases/{id}/history', { params, signal })) : null,
			]);
			return { view, acts: acts?.items ?? [], error: null };
		} catch (error) {
			return { view: null, acts: [], error };
		}
	}
}
