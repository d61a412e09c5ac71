/** A run of `batch.ts` as a screen follows it. */
import { finish, taskOf, type Job, type Send, type Task } from './batch.ts';

export class Batch {
	tasks = $state.raw<readonly Task[]>([]);
	running = $state(false);
	/** Why it stopped before the end. */
	stopped = $state.raw<unknown>(null);

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
			if (stop !== null) {
				this.stopped = stop;
				break;
			}
		}
		this.running = false;
	}
}
