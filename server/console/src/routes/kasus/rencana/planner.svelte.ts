/** The plan while it is being made: what was found, what the rules leave of it, and who is to go. */
import { api, serverNow, told, type Schemas } from '#lib/api.ts';
import { dayEnd, isoDay } from '#lib/format.ts';
import { plan as t } from '#lib/texts/cases.ts';

import { every } from '../every.ts';
import { Opening, type Order } from './opening.svelte.ts';
import { chosenBy, newSeed, programsOf, share, shareOut, type Taker } from './planning.ts';

type Family = Schemas['FamilyRow'];
type Officer = Schemas['OfficerView'];

const PAGE = 200;
/** More is no plan of one sitting, and every row that is read is logged as read. */
export const MOST_FAMILIES = 4_000;
const CAPACITY = '40';
const MOST_CAPACITY = 999;

/** A whole number in the range, or null. */
function whole(text: string, least: number, most: number): number | null {
	const value = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : Number.NaN;
	return value >= least && value <= most ? value : null;
}

export class Planner {
	region = $state('');
	/** The region that `families` are of. */
	foundIn = $state('');
	families = $state.raw<readonly Family[] | null>(null);
	/** How many are there while they come; null at rest. */
	finding = $state<number | null>(null);
	cut = $state<'stopped' | 'too_many' | null>(null);
	error = $state<unknown>(null);

	program = $state('');
	decile = $state('');
	unranked = $state(false);
	text = $state('');
	percent = $state('100');
	seed = $state(newSeed());

	officers = $state.raw<readonly Officer[] | null>(null);
	officersError = $state<unknown>(null);
	absent = $state<Record<string, boolean>>({});
	capacities = $state<Record<string, string>>({});
	common = $state(CAPACITY);

	leftOut = $state.raw<ReadonlySet<string>>(new Set());
	openUnplaced = $state(false);
	kind = $state<Order['kind']>('quick');
	closes = $state('');
	/** A closing day is typed that does not exist: opening would leave it out. */
	closesNoDay = $state(false);

	#stopped = false;
	#latest = 0;

	readonly programs = $derived(programsOf(this.families ?? []));
	readonly #percent = $derived(whole(this.percent, 1, 100));
	readonly percentError = $derived(this.#percent === null ? t.badPercent : undefined);
	readonly closesError = $derived(
		this.closes !== '' && this.closes < isoDay(serverNow()) ? t.pastClose : undefined,
	);

	readonly #fitting = $derived(
		chosenBy(this.families ?? [], {
			program: this.program,
			decile: Number(this.decile),
			unranked: this.unranked,
			text: this.text,
		}),
	);
	readonly free = $derived(this.#fitting.free.length);
	readonly busy = $derived(this.#fitting.busy);
	readonly chosen = $derived(share(this.#fitting.free, this.#percent ?? 100, this.seed));

	/** Those who could go to somebody who was found. */
	readonly takers = $derived.by((): Taker[] => {
		const here = this.foundIn;
		const near = (code: string) => here.startsWith(`${code}.`) || code.startsWith(`${here}.`) || code === here;
		return (this.officers ?? [])
			.filter((officer) => here !== '' && officer.regions.some(near))
			.map((officer) => ({ officer, capacity: this.capacityOf(officer.user) ?? 0 }));
	});
	readonly capacityError = $derived(
		this.takers.some(({ officer }) => this.capacityOf(officer.user) === null) ? t.badCapacity : undefined,
	);
	readonly plan = $derived(
		shareOut(
			this.chosen,
			this.takers.filter(({ officer }) => !this.absent[officer.user]),
		),
	);
	readonly unplaced = $derived([...this.plan.nobody, ...this.plan.full]);
	/** What would be opened now. */
	readonly given = $derived.by((): Order['given'] => {
		const kept = (families: readonly Family[]) => families.filter((family) => !this.leftOut.has(family.id));
		const named = this.takers.map(({ officer }) => ({
			officer: officer.user,
			name: officer.name,
			families: kept(this.plan.given.get(officer.user) ?? []),
		}));
		const rest = { officer: null, name: t.unplaced, families: this.openUnplaced ? kept(this.unplaced) : [] };
		return [...named, rest].filter(({ families }) => families.length > 0);
	});
	readonly count = $derived(this.given.reduce((sum, { families }) => sum + families.length, 0));
	/** Why it cannot be opened now. */
	readonly reason = $derived.by(() => {
		if (this.families === null) return t.loadFirst;
		if (this.closesNoDay || (this.percentError ?? this.capacityError ?? this.closesError) !== undefined) return t.fix;
		return this.count === 0 ? t.nothing : undefined;
	});

	capacityText(user: string): string {
		return this.capacities[user] ?? CAPACITY;
	}

	capacityOf(user: string): number | null {
		return whole(this.capacityText(user), 0, MOST_CAPACITY);
	}

	capacityForAll(): void {
		this.capacities = Object.fromEntries(this.takers.map(({ officer }) => [officer.user, this.common]));
	}

	include(family: string, on: boolean): void {
		const next = new Set(this.leftOut);
		if (on) next.delete(family);
		else next.add(family);
		this.leftOut = next;
	}

	draw(): void {
		this.seed = newSeed();
	}

	stop(): void {
		this.#stopped = true;
	}

	async find(): Promise<void> {
		const mine = ++this.#latest;
		const region = this.region;
		this.#stopped = false;
		this.error = null;
		this.finding = 0;
		try {
			const found = await every<Family>(
				(after) =>
					told(
						api.POST('/v1/families/search', {
							body: { region, state: 'active', limit: PAGE, ...(after === undefined ? {} : { after }) },
						}),
					),
				MOST_FAMILIES,
				{
					stop: () => this.#stopped || mine !== this.#latest,
					told: (count) => {
						if (mine === this.#latest) this.finding = count;
					},
				},
			);
			if (mine !== this.#latest) return;
			this.families = found.rows;
			this.foundIn = region;
			this.cut = found.more ? (this.#stopped ? 'stopped' : 'too_many') : null;
			this.leftOut = new Set();
			if (!this.programs.includes(this.program)) this.program = '';
		} catch (failure) {
			if (mine === this.#latest) this.error = failure;
		} finally {
			if (mine === this.#latest) this.finding = null;
		}
	}

	async loadOfficers(): Promise<void> {
		this.officersError = null;
		try {
			this.officers = (await told(api.GET('/v1/officers'))).items;
		} catch (failure) {
			this.officersError = failure;
		}
	}

	open(): Opening {
		return new Opening({
			kind: this.kind,
			closesAt: this.closes === '' ? undefined : dayEnd(this.closes),
			given: this.given,
		});
	}
}
