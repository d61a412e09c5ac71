/** A plan that is carried out: one act an officer, each with its own event, kept for a repeat of the same. */
import { api, newEvent, told, type Schemas } from '#lib/api.ts';

import { chunks } from '../assigning.ts';

export interface Part {
	/** Null: for nobody yet. */
	readonly officer: string | null;
	readonly name: string;
	readonly families: readonly string[];
	readonly event: string;
	state: 'waits' | 'works' | 'done' | 'failed';
	opened: number;
	already: number;
	error: unknown;
}

export interface Order {
	readonly kind: 'quick' | 'full';
	readonly closesAt: string | undefined;
	readonly given: readonly { officer: string | null; name: string; families: readonly Schemas['FamilyRow'][] }[];
}

export class Opening {
	readonly #order: Order;
	parts = $state<Part[]>([]);
	busy = $state(false);
	readonly done = $derived(this.parts.every((part) => part.state === 'done'));
	readonly failed = $derived(this.parts.some((part) => part.state === 'failed'));

	constructor(order: Order) {
		this.#order = order;
		this.parts = order.given.flatMap(({ officer, name, families }) =>
			chunks(families.map((family) => family.id)).map(
				(part): Part => ({
					officer,
					name,
					families: part,
					event: newEvent(),
					state: 'waits',
					opened: 0,
					already: 0,
					error: null,
				}),
			),
		);
	}

	/** Sends what is not done, one after the other; again after a failure, under the same events. */
	async run(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		for (const part of this.parts) {
			if (part.state !== 'done') await this.#send(part);
		}
		this.busy = false;
	}

	async #send(part: Part): Promise<void> {
		part.state = 'works';
		part.error = null;
		const { kind, closesAt } = this.#order;
		const body = {
			event_id: part.event,
			families: [...part.families],
			kind,
			...(closesAt === undefined ? {} : { closes_at: closesAt }),
			...(part.officer === null ? {} : { officer: part.officer }),
		};
		try {
			const reply = await told(api.POST('/v1/cases', { body }));
			part.opened = reply.cases.length;
			part.already = reply.already_open.length;
			part.state = 'done';
		} catch (failure) {
			part.error = failure;
			part.state = 'failed';
		}
	}
}
