/** What a list needs of each of its cases beyond the row: the evidence, and who did what. A few are asked for at a time. */
import { SvelteMap } from 'svelte/reactivity';

import { api, told, type Schemas } from '#lib/api.ts';

type CaseView = Schemas['CaseView'];
type HistoryRow = Schemas['HistoryRow'];
type FamilyChanges = Schemas['FamilyChanges'];

export interface Look {
	readonly view: CaseView | null;
	/** Empty unless asked for. */
	readonly acts: readonly HistoryRow[];
	/** What is other since last month; null unless asked for, or when it could not be loaded. */
	readonly changes: FamilyChanges | null;
	/** Why there is no view. */
	readonly error: unknown;
}

const AT_ONCE = 4;

export class Looks {
	readonly found = new SvelteMap<string, Look>();
	readonly #history: boolean;
	readonly #changes: boolean;
	#abort = new AbortController();

	/** `history`: whether to ask for the acts too; `changes`: for what is other since last month. */
	constructor({ history = false, changes = false } = {}) {
		this.#history = history;
		this.#changes = changes;
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
			const changes = this.#changes ? await this.#changesOf(view.family.id, signal) : null;
			return { view, acts: acts?.items ?? [], changes, error: null };
		} catch (error) {
			return { view: null, acts: [], changes: null, error };
		}
	}

	/** They are beside the evidence: without them it is shown all the same. */
	async #changesOf(id: string, signal: AbortSignal): Promise<FamilyChanges | null> {
		try {
			return await told(api.GET('/v1/families/{id}/changes', { params: { path: { id } }, signal }));
		} catch {
			return null;
		}
	}
}
