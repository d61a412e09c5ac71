/** Many accounts, one after the other: each its own act with its own event, repeated with the same password. */
import { api, newEvent, serverNow, told } from '../api.ts';
import { dayEnd, dayStart } from '../format.ts';
import { firstPassword } from './password.ts';
import { people } from './people.svelte.ts';
import type { Entry, NewGrant } from './users-csv.ts';

/** `role`: the account is there, its role is not. */
export type Stage = 'waiting' | 'working' | 'made' | 'failed' | 'role';

export class Task {
	readonly entry: Entry;
	readonly password = firstPassword();
	stage = $state<Stage>('waiting');
	error = $state.raw<unknown>(null);
	/** When the account was made. */
	at = 0;
	id: string | null = null;
	#user = newEvent();
	#grant = newEvent();

	constructor(entry: Entry) {
		this.entry = entry;
	}

	async run(): Promise<void> {
		this.stage = 'working';
		this.error = null;
		const { name, username, grant } = this.entry;
		try {
			if (this.id === null) {
				const body = { event_id: this.#user, name, username, password: this.password };
				const user = await told(api.POST('/v1/users', { body }));
				this.id = user.id;
				this.at = serverNow();
				people.put(user);
			}
			if (grant !== null) await this.#give(this.id, grant);
			this.stage = 'made';
		} catch (error) {
			this.error = error;
			this.stage = this.id === null ? 'failed' : 'role';
		}
	}

	async #give(id: string, { role, regions, document, from, until }: NewGrant): Promise<void> {
		const body = {
			event_id: this.#grant,
			role,
			regions: [...regions],
			document_number: document,
			...(from === '' ? {} : { valid_from: dayStart(from) }),
			...(until === '' ? {} : { valid_until: dayEnd(until) }),
		};
		people.putGrant(id, await told(api.POST('/v1/users/{id}/grants', { params: { path: { id } }, body })));
	}
}

export class Adding {
	tasks = $state.raw<readonly Task[]>([]);
	busy = $state(false);
	stopping = $state(false);
	readonly done = $derived(this.tasks.filter(({ stage }) => stage !== 'waiting' && stage !== 'working').length);
	readonly made = $derived(this.tasks.filter(({ stage }) => stage === 'made' || stage === 'role'));
	readonly failed = $derived(this.tasks.filter(({ stage }) => stage === 'failed' || stage === 'role'));
	readonly left = $derived(this.tasks.filter(({ stage }) => stage !== 'made'));

	/** Begins with these people. */
	start(entries: readonly Entry[]): Promise<void> {
		this.tasks = entries.map((entry) => new Task(entry));
		return this.go();
	}

	/** Does what is not done, also what failed before. */
	async go(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.stopping = false;
		for (const task of this.left) {
			if (this.stopping) break;
			await task.run();
		}
		this.busy = false;
	}

	stop(): void {
		this.stopping = true;
	}

	forget(): void {
		this.tasks = [];
	}
}
