/** Codes for many phones, one after the other: each its own act with its own event. */
import { api, newEvent, OfflineError, told, type Schemas } from '../api.ts';
import type { Officer } from './officers.svelte.ts';

export class Issue {
	readonly officer: Officer;
	code = $state.raw<Schemas['EnrolmentCode'] | null>(null);
	error = $state.raw<unknown>(null);
	#event = newEvent();

	constructor(officer: Officer) {
		this.officer = officer;
	}

	async run(): Promise<void> {
		this.error = null;
		try {
			const body = { event_id: this.#event, officer: this.officer.id };
			this.code = await told(api.POST('/v1/enrolments', { body }));
		} catch (error) {
			this.error = error;
			// A code is never told twice: when its answer was lost, only another one helps.
			if (error instanceof OfflineError) this.#event = newEvent();
		}
	}
}

export class Issuing {
	issues = $state.raw<readonly Issue[]>([]);
	busy = $state(false);
	stopping = $state(false);
	readonly made = $derived(this.issues.filter(({ code }) => code !== null));
	readonly failed = $derived(this.issues.filter(({ error }) => error !== null));
	readonly left = $derived(this.issues.filter(({ code }) => code === null));
	readonly done = $derived(this.made.length + this.failed.length);

	/** Begins with these officers. */
	start(officers: readonly Officer[]): Promise<void> {
		this.issues = officers.map((officer) => new Issue(officer));
		return this.go();
	}

	/** Makes the codes that are not made, also those that failed before. */
	async go(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.stopping = false;
		for (const issue of this.left) {
			if (this.stopping) break;
			await issue.run();
		}
		this.busy = false;
	}

	stop(): void {
		this.stopping = true;
	}

	/** The slips were handed over; nothing keeps the codes. */
	forget(): void {
		this.issues = [];
	}
}

/** For whom the page of many codes is opened next, as who has just made their accounts says; kept in memory only. */
export const wanted = { officers: new Set<string>() };
