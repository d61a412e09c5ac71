/** A reviewer's desk: the cases held, the one on the screen, and what becomes of them. */
import { api, OfflineError, ProblemError, serverNow, told } from '#lib/api.ts';

import { judged, mainPhotos, risk, shotsOf, type CaseView } from './evidence.ts';
import type { Mark } from './marks.ts';
import { outlineOf } from '#lib/geo/outlines.ts';
import type { Ended, Outgoing } from './outgoing.svelte.ts';
import type { Entry } from './outbox.ts';
import { Photos } from './photos.svelte.ts';
import { extended, MOST_HELD, plan } from './queue.ts';
import type { Decision, Recent } from './undo.ts';

/** `ready` shows `current`; the others have nothing to show. */
export type Phase = 'loading' | 'ready' | 'empty' | 'failed';

/** What a reviewer has done to a case so far. */
export interface Work {
	readonly marks: readonly Mark[];
	readonly note: string;
	/** Which photo is on the stage. */
	readonly shot: number;
}

/** Why the case on the screen cannot be judged: its lease ran out, somebody took it, it moved on, it changed. */
export type Lost = 'ended' | 'taken' | 'moved' | 'changed';

/** A decision that the server did not take, or an undo that came too late. */
export interface Refusal {
	readonly entry: Entry;
	readonly error: ProblemError;
	/** The head's name, when this sitting knows it. */
	readonly name: string | null;
}

/** How an undo ended; `never`: the decision itself was never taken. */
export type Undone = Ended | 'never';

const UNTOUCHED: Work = { marks: [], note: '', shot: 0 };
const RENEW_S = 180;
const ACTIVE_S = 120;
const IDLE_S = 300;
const COUNT_S = 60;
/** A case appears within this. */
const SWAP_MS = 100;
/** How long the screen waits for an undo, or for a word on "unreachable". */
const PATIENCE_MS = 2_000;
/** As many of the last ones that were passed over can be told to the queue. */
const MOST_SKIPPED = 50;

function sleep(ms: number): Promise<null> {
	return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

/** When this reviewer's lease ends, by the server's clock. */
function leaseOf(view: CaseView): number {
	return view.lease?.mine === true ? Date.parse(view.lease.until) : 0;
}

export class Desk {
	phase = $state<Phase>('loading');
	error = $state.raw<unknown>(null);
	held = $state.raw<readonly CaseView[]>([]);
	works = $state.raw<ReadonlyMap<string, Work>>(new Map());
	refusals = $state.raw<readonly Refusal[]>([]);
	lost = $state<Lost | null>(null);
	/** Who has the case that was taken, when that is known. */
	takenBy = $state<string | null>(null);
	/** How many wait in reach, those held here included; null while that is not known. */
	waiting = $state<number | null>(null);
	done = $state(0);
	/** An answer is waited for before the next act. */
	busy = $state(false);
	/** Another tab of this browser goes on with the review. */
	paused = $state(false);
	/** The server's clock, by the second. */
	now = $state(serverNow());
	/** When the case on the screen appeared, by the page's clock. */
	shownAt = performance.now();

	readonly current = $derived(this.held[0]);
	readonly work = $derived(this.current === undefined ? UNTOUCHED : (this.works.get(this.current.id) ?? UNTOUCHED));
	/** How much its flags weigh. */
	readonly risk = $derived(risk(this.current === undefined ? [] : (judged(this.current)?.flags ?? [])));
	/** Seconds until the lease of the case on the screen ends. */
	readonly left = $derived(this.current === undefined ? 0 : (leaseOf(this.current) - this.now) / 1_000);

	readonly photos = new Photos();
	readonly outgoing: Outgoing;
	readonly #skipped = new Set<string>();
	/** The case before, whose photos are kept for an undo. */
	#before: string | null = null;
	#lastInput = serverNow();
	#renewedAt = serverNow();
	#countedAt = 0;
	/** The newer state of the case on the screen. */
	#fresh: CaseView | null = null;
	#claiming = false;
	#claimAgain = false;
	#ended = false;
	#planning: ReturnType<typeof setTimeout> | undefined;

	constructor(outgoing: Outgoing) {
		this.outgoing = outgoing;
	}

	/** `first` is shown before any other. `fresh`: nobody has looked into the vault since the page was loaded. */
	async start(first: CaseView | undefined, fresh: boolean): Promise<void> {
		if (first !== undefined) this.#take([first]);
		const vault = this.outgoing.vault;
		const [drafts, entries] = await Promise.all([vault.drafts(serverNow()), fresh ? vault.entries(serverNow()) : []]);
		const kept = [...drafts].map(([id, draft]) => [id, { ...draft, shot: 0 }] as const);
		this.works = new Map([...kept, ...this.works]);
		for (const entry of entries) void this.outgoing.post(entry, { kept: true }).then((end) => this.#after(entry, end, null));
		await Promise.all([this.claim(), this.count()]);
	}

	/** Loads ahead up to what may be held. */
	async claim(): Promise<void> {
		if (this.paused || this.#ended) return;
		if (this.#claiming) {
			this.#claimAgain = true;
			return;
		}
		this.#claiming = true;
		try {
			do {
				this.#claimAgain = false;
				await this.#claimOnce();
			} while (this.#claimAgain && !this.#ended);
			this.error = null;
			// As long as decisions are on their way the server may hand out nothing more.
			if (this.held.length === 0) this.phase = this.outgoing.cases.size < MOST_HELD ? 'empty' : 'loading';
		} catch (error) {
			// What is held can be judged all the same.
			this.error = error;
			if (this.held.length === 0) this.phase = 'failed';
		} finally {
			this.#claiming = false;
		}
	}

	async #claimOnce(): Promise<void> {
		const have = [...new Set([...this.held.map(({ id }) => id), ...this.outgoing.cases])];
		if (have.length >= MOST_HELD) return;
		const skip = [...this.#skipped].slice(-MOST_SKIPPED);
		const claimed = await told(api.POST('/v1/review/claim', { body: { limit: MOST_HELD, have, skip } }));
		const views = [...(claimed.case ? [claimed.case] : []), ...(claimed.more ?? [])];
		if (this.#ended || this.paused) {
			for (const { id } of views) this.#release(id);
			return;
		}
		this.#take(views);
	}

	#take(views: readonly CaseView[]): void {
		const empty = this.held.length === 0;
		this.held = extended(this.held, views, this.outgoing.cases);
		if (empty && this.held.length > 0) this.#appear();
		this.#plan();
	}

	/** A case has come onto the screen. */
	#appear(): void {
		this.phase = this.held.length > 0 ? 'ready' : 'loading';
		this.lost = null;
		this.shownAt = performance.now();
		this.#renewedAt = Math.max(0, ...this.held.slice(0, 1).map((view) => leaseOf(view) - 600_000));
	}

	/** Loading ahead waits until a case that is complete was painted: both want the same processor. */
	#plan(): void {
		clearTimeout(this.#planning);
		const wait = this.isLoaded ? SWAP_MS - (performance.now() - this.shownAt) : 0;
		if (wait > 0) this.#planning = setTimeout(() => this.#load(), wait);
		else this.#load();
	}

	/** Whether the main photos of the case on the screen are here. */
	get isLoaded(): boolean {
		const view = this.current;
		if (view === undefined) return false;
		return mainPhotos(shotsOf(view)).every(({ id }) => this.photos.get(view.id, id, '1600')?.state === 'ready');
	}

	#load(): void {
		const sparing = 'connection' in navigator && (navigator.connection as { saveData?: boolean }).saveData === true;
		// Also of the case that an undo has pushed back by one: its photos would be asked for a second time.
		const keep = new Set(this.held.map(({ id }) => id));
		if (this.#before !== null) keep.add(this.#before);
		this.photos.plan(plan(this.held, sparing), keep);
		for (const { region } of this.held) void outlineOf(region);
	}

	/** How many wait. */
	async count(): Promise<void> {
		this.#countedAt = serverNow();
		try {
			this.waiting = (await told(api.GET('/v1/review/waiting'))).waiting;
		} catch {
			// The number is a help, not a condition.
		}
	}

	// What the reviewer does.

	/** Somebody is at the keyboard. */
	/** Somebody moved or pressed something not long ago. */
	get isUsed(): boolean {
		return (this.now - this.#lastInput) / 1_000 < ACTIVE_S;
	}

	touched(): void {
		this.#lastInput = serverNow();
	}

	change(change: Partial<Work>): void {
		const view = this.current;
		if (view === undefined) return;
		const work = { ...this.work, ...change };
		this.works = new Map(this.works).set(view.id, work);
		if (change.marks !== undefined || change.note !== undefined) {
			void this.outgoing.vault.keepDraft(view.id, work, serverNow());
		}
	}

	/** Decides on the case on the screen and goes on at once. */
	async decide(act: Decision): Promise<void> {
		const view = this.current;
		if (view === undefined || this.busy) return;
		const { marks, note } = this.work;
		const returns = act === 'return';
		const { entry, ended } = this.outgoing.decide(act, view, returns ? marks : [], returns ? note : '');
		if (act === 'agree-unreachable') {
			// The server knows whether enough was tried: its word is worth a moment.
			this.busy = true;
			const end = await Promise.race([ended, sleep(PATIENCE_MS)]);
			this.busy = false;
			if (end?.kind === 'refused') return this.#after(entry, end, view.family.name);
		}
		this.#advance();
		if (this.waiting !== null) this.waiting = Math.max(0, this.waiting - 1);
		this.done += 1;
		const end = await ended;
		if (end.kind === 'refused') this.#uncount();
		this.#after(entry, end, view.family.name);
	}

	/** A decision counts no more. */
	#uncount(): void {
		this.done = Math.max(0, this.done - 1);
		if (this.waiting !== null) this.waiting += 1;
	}

	#after(entry: Entry, end: Ended, name: string | null): void {
		if (end.kind === 'done') void this.outgoing.vault.dropDraft(entry.case);
		else this.refusals = [...this.refusals, { entry, error: end.error, name }];
		void this.claim();
	}

	dismiss(refusal: Refusal): void {
		this.refusals = this.refusals.filter((each) => each !== refusal);
	}

	#advance(): void {
		const [was, ...rest] = this.held;
		this.#before = was?.id ?? null;
		this.held = rest;
		this.#appear();
		this.#plan();
	}

	/** Passes over the case: it goes back to the queue, and to this reviewer no more in this sitting. */
	skip(): void {
		const view = this.current;
		if (view === undefined || this.busy) return;
		this.#skipped.add(view.id);
		this.#release(view.id);
		this.#advance();
		void this.claim();
	}

	/** Takes a decision back and shows the case again as it was. `soon` is null when the server takes its time. */
	undo(recent: Recent): { soon: Promise<Undone | null>; end: Promise<Undone> } {
		this.busy = true;
		let late = false;
		const end = this.outgoing.undo(recent).then((ended): Undone => {
			if (ended?.kind === 'done') this.#back(ended.view, late);
			return ended ?? 'never';
		});
		const soon = Promise.race([end, sleep(PATIENCE_MS)]).finally(() => {
			late = true;
			this.busy = false;
		});
		return { soon, end };
	}

	/** Late it comes next: what is on the screen is not taken away from under somebody's eyes. */
	#back(view: CaseView, late: boolean): void {
		this.#uncount();
		if (this.#ended) return;
		const rest = this.held.filter(({ id }) => id !== view.id);
		const stays = late && this.phase === 'ready';
		this.held = stays ? [...rest.slice(0, 1), view, ...rest.slice(1)] : [view, ...rest];
		const work = this.works.get(view.id);
		if (work !== undefined) void this.outgoing.vault.keepDraft(view.id, work, serverNow());
		if (!stays) this.#appear();
		this.#plan();
	}

	// The lease.

	/** `E`: another ten minutes, also after it has run out and nobody came. */
	async renew(): Promise<void> {
		this.#renewedAt = serverNow();
		const id = this.current?.id;
		await Promise.all(this.held.map((view) => this.#renew(view, view.id === id)));
	}

	async #renew(view: CaseView, isCurrent: boolean): Promise<void> {
		try {
			const fresh = await told(api.POST('/v1/cases/{id}/lease', { params: { path: { id: view.id } } }));
			const changed = fresh.version !== view.version;
			// What is on the screen does not change under the eyes; what nobody saw yet may.
			const next = changed && isCurrent ? { ...view, lease: fresh.lease ?? null } : fresh;
			this.held = this.held.map((each) => (each.id === view.id ? next : each));
			if (isCurrent && this.current?.id === view.id) {
				this.lost = changed ? 'changed' : null;
				if (changed) this.#fresh = fresh;
			}
			this.#plan();
		} catch (error) {
			if (!(error instanceof ProblemError) || error.status === 401 || error.status >= 500) return;
			if (!isCurrent) this.held = this.held.filter(({ id }) => id !== view.id);
			else if (this.current?.id === view.id) {
				this.lost = error.code === 'lease_lost' ? 'taken' : 'moved';
				if (this.lost === 'taken') void this.#nameHolder(view.id);
			}
		}
	}

	async #nameHolder(id: string): Promise<void> {
		this.takenBy = null;
		try {
			const { lease } = await told(api.GET('/v1/cases/{id}', { params: { path: { id } } }));
			if (this.current?.id === id) this.takenBy = lease?.name ?? null;
		} catch {
			// Then it is somebody else's.
		}
	}

	/** Shows the case as it is now; the marks stay. */
	showFresh(): void {
		const fresh = this.#fresh;
		if (fresh === null || this.current?.id !== fresh.id) return;
		this.held = [fresh, ...this.held.slice(1)];
		this.#fresh = null;
		this.#appear();
		this.#plan();
	}

	/** Each second. */
	tick(): void {
		this.now = serverNow();
		if (this.paused || this.phase !== 'ready') return;
		const idle = (this.now - this.#lastInput) / 1_000;
		if (this.left <= 0 && this.lost === null) this.lost = 'ended';
		if (idle < ACTIVE_S && this.lost === null && this.now - this.#renewedAt > RENEW_S * 1_000) void this.renew();
		if (idle > IDLE_S && this.held.length > 1) {
			for (const { id } of this.held.slice(1)) this.#release(id);
			this.held = this.held.slice(0, 1);
			this.#plan();
		} else if (idle < ACTIVE_S && this.held.length < MOST_HELD && this.now - this.#countedAt > COUNT_S * 1_000) {
			void this.claim();
			void this.count();
		}
	}

	#release(id: string): void {
		// The request outlives the page. What is not released ends by itself.
		told(api.DELETE('/v1/cases/{id}/lease', { params: { path: { id } }, keepalive: true })).catch(() => {});
	}

	/** Lets everything go: the page is left or hidden for good. */
	release(): void {
		const sent = this.outgoing.cases;
		for (const { id } of this.held) if (!sent.has(id)) this.#release(id);
	}

	/** Another tab goes on: this one holds and asks for nothing any more. */
	pause(): void {
		this.paused = true;
	}

	async resume(): Promise<void> {
		this.paused = false;
		this.held = [];
		this.phase = 'loading';
		await this.claim();
	}

	end(): void {
		if (!this.paused) this.release();
		this.#ended = true;
		clearTimeout(this.#planning);
		this.photos.end();
	}

	get isOffline(): boolean {
		return this.error instanceof OfflineError;
	}
}
