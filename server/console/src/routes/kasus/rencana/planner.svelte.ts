/** A plan of visits from choosing to its opening. The server keeps it; this page can be left and come back to. */
import { api, newEvent, serverNow, told, type Schemas } from '#lib/api.ts';
import { dayEnd, isoDay } from '#lib/format.ts';
import { plan as t } from '#lib/texts/cases.ts';

import { isOf, MOST_CAPACITY, numberOf, orderOf, whole, type Choice, type Numbered, type Order, type Rule } from './planning.ts';

type Plan = Schemas['PlanView'];
type Family = Schemas['PlanFamily'];

const PAGE = 100;
const POLL_MS = 1_000;
/** The server takes no more out of one plan. */
const MOST_TAKEN_OUT = 500;

export interface List {
	rows: readonly Family[];
	/** '' before the first page, null after the last. */
	next: string | null;
	busy: boolean;
	error: unknown;
}

export class Planner {
	region = $state('');
	program = $state('');
	on = $state<Record<Rule, boolean>>({ asked: true, no_photo: true, decile_jump: true, old_photo: true, random: true });
	numbers = $state<Record<Numbered, string>>({ decile_jump: '2', old_photo: '12', random: '5' });
	capacity = $state('40');
	capacities = $state<Record<string, string>>({});

	plan = $state.raw<Plan | null>(null);
	/** What `plan` was asked by. */
	#asked = $state.raw<Order | null>(null);
	choosing = $state(false);
	error = $state<unknown>(null);
	lists = $state<Record<string, List>>({});

	takenOut = $state.raw<ReadonlyMap<string, string>>(new Map());
	kind = $state<'quick' | 'full'>('quick');
	closes = $state('');
	/** A closing day is typed that does not exist: opening would leave it out. */
	closesNoDay = $state(false);
	sending = $state(false);
	openError = $state<unknown>(null);

	#event = newEvent();
	#latest = 0;

	readonly #choice = $derived.by(
		(): Choice => ({
			region: this.region,
			program: this.program,
			on: this.on,
			numbers: this.numbers,
			capacity: this.capacity,
			capacities: this.capacities,
		}),
	);
	readonly #order = $derived(orderOf(this.#choice));
	/** Why it cannot be chosen now. */
	readonly chooseReason = $derived.by(() => {
		if (this.region === '') return t.chooseRegionFirst;
		if (!Object.values(this.on).includes(true)) return t.noRule;
		return this.#order === null ? t.fix : undefined;
	});
	readonly current = $derived(isOf(this.#asked, this.#order));
	readonly closesError = $derived(
		this.closes !== '' && this.closes < isoDay(serverNow()) ? t.pastClose : undefined,
	);
	readonly count = $derived(Math.max(0, (this.plan?.planned ?? 0) - this.takenOut.size));
	readonly openReason = $derived.by(() => {
		if (this.plan === null || !this.current) return t.chooseAgain;
		if (this.closesNoDay || this.closesError !== undefined) return t.fix;
		return this.count === 0 ? t.nothing : undefined;
	});

	numberError(rule: Numbered): string | undefined {
		return this.on[rule] && numberOf(rule, this.numbers[rule]) === null ? t.badNumber[rule] : undefined;
	}

	capacityText(user: string): string {
		return this.capacities[user] ?? this.capacity;
	}

	capacityError(text: string): string | undefined {
		return whole(text, 0, MOST_CAPACITY) === null ? t.badCapacity : undefined;
	}

	sameForAll(): void {
		this.capacities = {};
	}

	async choose(): Promise<void> {
		const order = this.#order;
		if (order === null || this.choosing) return;
		const mine = ++this.#latest;
		this.choosing = true;
		this.error = null;
		try {
			const plan = await told(api.POST('/v1/plans/preview', { body: order }));
			if (mine !== this.#latest) return;
			this.plan = plan;
			this.#asked = order;
			this.lists = {};
			this.takenOut = new Map();
			this.#event = newEvent();
			this.openError = null;
		} catch (failure) {
			if (mine === this.#latest) this.error = failure;
		} finally {
			if (mine === this.#latest) this.choosing = false;
		}
	}

	/** The next of an officer's families. What is shown is logged as read, so nothing is fetched that nobody asked for. */
	async more(officer: string): Promise<void> {
		const { plan } = this;
		if (!Object.hasOwn(this.lists, officer)) this.lists[officer] = { rows: [], next: '', busy: false, error: null };
		const held = this.lists[officer];
		if (plan === null || held === undefined || held.busy || held.next === null) return;
		held.busy = true;
		held.error = null;
		try {
			const query = { officer, limit: PAGE, ...(held.next === '' ? {} : { after: held.next }) };
			const page = await told(api.GET('/v1/plans/{id}/families', { params: { path: { id: plan.id }, query } }));
			held.rows = [...held.rows, ...page.items];
			held.next = page.next ?? null;
		} catch (failure) {
			held.error = failure;
		} finally {
			held.busy = false;
		}
	}

	/** '' puts the family back. */
	takeOut(family: string, reason: string): boolean {
		const next = new Map(this.takenOut);
		if (reason === '') next.delete(family);
		else next.set(family, reason);
		if (next.size > MOST_TAKEN_OUT) return false;
		this.takenOut = next;
		return true;
	}

	/** Opens it; after a failure again, under the same event. */
	async open(): Promise<boolean> {
		const { plan } = this;
		if (plan === null || this.sending) return false;
		this.sending = true;
		this.openError = null;
		try {
			const body = {
				event_id: this.#event,
				kind: this.kind,
				...(this.closes === '' ? {} : { closes_at: dayEnd(this.closes) }),
				taken_out: [...this.takenOut].map(([family, reason]) => ({ family, reason })),
			};
			this.plan = await told(api.POST('/v1/plans/{id}/open', { params: { path: { id: plan.id } }, body }));
			return true;
		} catch (failure) {
			this.openError = failure;
			return false;
		} finally {
			this.sending = false;
		}
	}
}

/** A plan that was opened, looked at until all of it is. */
export class Opened {
	plan = $state.raw<Plan | null>(null);
	error = $state<unknown>(null);
	readonly #id: string;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#ended = false;

	constructor(id: string) {
		this.#id = id;
	}

	async look(): Promise<void> {
		clearTimeout(this.#timer);
		this.error = null;
		try {
			this.plan = await told(api.GET('/v1/plans/{id}', { params: { path: { id: this.#id } } }));
		} catch (failure) {
			this.error = failure;
			return;
		}
		if (!this.#ended && this.plan.waiting > 0) this.#timer = setTimeout(() => void this.look(), POLL_MS);
	}

	end(): void {
		this.#ended = true;
		clearTimeout(this.#timer);
	}
}
