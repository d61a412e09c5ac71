/** Choosing families of a list and calling them eligible together. */
import { SvelteSet } from 'svelte/reactivity';

import { api, told, type Schemas } from '#lib/api.ts';

import { Batch } from './batch.svelte.ts';
import type { Step } from './batch.ts';
import { aloneBecause, eligibleIn } from './together.ts';

type CaseView = Schemas['CaseView'];

function decide(id: string, step: Step): Promise<CaseView> {
	const body = { ...step, outcome: 'eligible' as const };
	return told(api.POST('/v1/cases/{id}/decisions', { params: { path: { id } }, body }));
}

export class Deciding {
	/** Cases by id. */
	readonly chosen = new SvelteSet<string>();
	batch = $state.raw<Batch | null>(null);

	readonly #views: () => readonly CaseView[];
	readonly simple = $derived.by(() => this.#views().filter((view) => aloneBecause(view) === null));
	readonly picked = $derived(this.simple.filter((view) => this.chosen.has(view.id)));

	/** `views`: those on the page that wait for a decision and are loaded. */
	constructor(views: () => readonly CaseView[]) {
		this.#views = views;
	}

	toggle(id: string): void {
		if (!this.chosen.delete(id)) this.chosen.add(id);
	}

	all(): void {
		for (const view of this.simple) this.chosen.add(view.id);
	}

	start(): void {
		const jobs = this.picked.map((view) => ({ view, memberships: eligibleIn(view).map(({ id }) => id) }));
		this.batch = new Batch(jobs, decide);
	}
}
