/** What the month's list needs of a family beyond its row: what is other about it, and the evidence where it waits for a decision. */
import { SvelteMap } from 'svelte/reactivity';

import { api, told, type Schemas } from '#lib/api.ts';

export interface MonthLook {
	/** Only where it was asked for. */
	readonly view: Schemas['CaseView'] | null;
	/** Null when it could not be loaded. */
	readonly changes: Schemas['FamilyChanges'] | null;
	/** The evidence was asked for and could not be loaded. */
	readonly failed: boolean;
}

/** A family, and its case where its evidence is to be decided on. */
export interface Wanted {
	readonly family: string;
	readonly deciding: string | null;
}

const AT_ONCE = 4;

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
	try {
		return await answer;
	} catch {
		return null;
	}
}

export class MonthLooks {
	readonly found = new SvelteMap<string, MonthLook>();
	#abort = new AbortController();

	/** Asks for these and forgets all others. */
	async load(wanted: readonly Wanted[]): Promise<void> {
		this.stop();
		this.#abort = new AbortController();
		const { signal } = this.#abort;
		this.found.clear();
		const left = [...wanted];
		const worker = async () => {
			for (let one = left.shift(); one !== undefined && !signal.aborted; one = left.shift()) await this.#look(one, signal);
		};
		await Promise.all(Array.from({ length: AT_ONCE }, worker));
	}

	/** Asks again for one. */
	async again(one: Wanted): Promise<void> {
		await this.#look(one, this.#abort.signal);
	}

	stop(): void {
		this.#abort.abort();
	}

	async #look({ family, deciding }: Wanted, signal: AbortSignal): Promise<void> {
		const [changes, view] = await Promise.all([
			orNull(told(api.GET('/v1/families/{id}/changes', { params: { path: { id: family } }, signal }))),
			deciding === null ? null : orNull(told(api.GET('/v1/cases/{id}', { params: { path: { id: deciding } }, signal }))),
		]);
		if (!signal.aborted) this.found.set(family, { view, changes, failed: deciding !== null && view === null });
	}
}
