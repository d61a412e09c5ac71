/** A run of `batch.ts` as a screen follows it. */
import { SvelteMap } from 'svelte/reactivity';

import { ProblemError } from '#lib/api.ts';

import { finish, taskOf, type Job, type Send, type Task } from './batch.ts';
import { isOvertaken } from './overtaken.ts';
import { overtakenLine } from './tell-overtaken.ts';

export class Batch {
	tasks = $state.raw<readonly Task[]>([]);
	running = $state(false);
	/** Why it stopped before the end. */
	stopped = $state.raw<unknown>(null);
	/** Of cases that somebody else was faster with: who, when, and what of this person's is recorded. */
	readonly overtaken = new SvelteMap<string, string>();

	readonly done = $derived(this.tasks.filter((task) => task.state === 'done'));
	readonly failed = $derived(this.tasks.filter((task) => task.state === 'failed'));
	readonly waiting = $derived(this.tasks.filter((task) => task.state === 'waiting'));
	readonly #send: Send;

	constructor(jobs: readonly Job[], send: Send) {
		this.#send = send;
		this.tasks = jobs.map(taskOf);
	}

	/** Sends what waits, one after the other: the server writes one at a time, and an order can be told. */
	async run(): Promise<void> {
		if (this.running) return;
		this.running = true;
		this.stopped = null;
		for (const waiting of this.waiting) {
			const { task, stop } = await finish(waiting, this.#send);
			this.tasks = this.tasks.map((other) => (other.view.id === task.view.id ? task : other));
			if (task.error instanceof ProblemError && isOvertaken(task.error.code)) void this.#ask(task);
			if (stop !== null) {
				this.stopped = stop;
				break;
			}
		}
		this.running = false;
	}

	/** Beside the run: the others do not wait for a name. */
	async #ask({ view, memberships, left }: Task): Promise<void> {
		const done = memberships.filter((id) => !left.includes(id));
		this.overtaken.set(view.id, await overtakenLine(view, done));
	}
}
