/**
 * One act on many cases: each membership by itself, with an event of its own and the version that was seen. What fails is
 * told by name and the others go on; a lost connection stops the run, and going on repeats the same event.
 */
import { newEvent, OfflineError, ProblemError, type Schemas } from '#lib/api.ts';

type CaseView = Schemas['CaseView'];

/** The part that every body has. */
export interface Step {
	readonly event_id: string;
	readonly membership: string;
	readonly seen_version: number;
}

export type Send = (id: string, step: Step) => Promise<CaseView>;

/** A case and which of its memberships are meant. */
export interface Job {
	readonly view: CaseView;
	readonly memberships: readonly string[];
}

export interface Task extends Job {
	/** The case after the last act that succeeded. */
	readonly after: CaseView;
	/** The memberships not done yet, the next first. */
	readonly left: readonly string[];
	/** The act that was sent and not answered. */
	readonly sent: Step | null;
	readonly state: 'waiting' | 'done' | 'failed';
	readonly error: unknown;
}

export function taskOf(job: Job): Task {
	return { ...job, after: job.view, left: job.memberships, sent: null, state: 'waiting', error: null };
}

/** Nothing is known to be wrong with the case: the same act may be sent again. */
export function mayRepeat(error: unknown): boolean {
	if (error instanceof ProblemError) return error.status === 401 || error.status === 429 || error.status >= 500;
	return error instanceof OfflineError;
}

/** Sends what is left of a case. `stop`: the reason why the whole run has to stop. */
export async function finish(task: Task, send: Send): Promise<{ task: Task; stop: unknown }> {
	let { after, left, sent } = task;
	try {
		for (let [membership] = left; membership !== undefined; [membership] = left) {
			sent ??= { event_id: newEvent(), membership, seen_version: after.version };
			after = await send(task.view.id, sent);
			sent = null;
			left = left.slice(1);
		}
		return { task: { ...task, after, left, sent, state: 'done' }, stop: null };
	} catch (error) {
		if (mayRepeat(error)) return { task: { ...task, after, left, sent }, stop: error };
		return { task: { ...task, after, left, sent: null, state: 'failed', error }, stop: null };
	}
}

/** The same act on some memberships of one case. After a lost connection the same act goes on where it stopped. */
export class Acting {
	#key = '';
	#task: Task | null = null;

	/** `words`: what else the bodies hold. Throws the first failure. */
	async run(job: Job, words: object, send: Send): Promise<CaseView> {
		const key = JSON.stringify([job.view.id, job.view.version, job.memberships, words]);
		if (key !== this.#key || this.#task === null) this.#task = taskOf(job);
		this.#key = key;
		const { task, stop } = await finish(this.#task, send);
		this.#task = stop === null ? null : task;
		if (stop !== null) throw stop;
		if (task.state === 'failed') throw task.error;
		return task.after;
	}
}
