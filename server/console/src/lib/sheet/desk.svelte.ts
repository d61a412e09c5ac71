/** A reviewer's contact sheet: the houses on it, which are taken out, and what becomes of the rest. */
import { api, newEvent, OfflineError, ProblemError, serverNow, told, type Schemas } from '#lib/api.ts';
import type { Ended, Judged, Outgoing } from '#lib/review/outgoing.svelte.ts';
import type { Entry } from '#lib/review/outbox.ts';
import { Photos } from '#lib/review/photos.svelte.ts';
import type { Want } from '#lib/review/queue.ts';
import { UNDO_S, type Recent } from '#lib/review/undo.ts';

import { looksOf, lostOf, sorted, type House, type Look, type Out } from './houses.ts';
import { Watch } from './watch.ts';

/** `saving`: what was decided is on its way, and the next sheet comes after it. */
export type Phase = 'loading' | 'ready' | 'saving' | 'undoing' | 'empty' | 'failed';

/** An acceptance that the server did not take. */
export interface Refusal {
	readonly entry: Entry;
	readonly error: ProblemError;
	/** The head's name, when this sitting knows it. */
	readonly name: string | null;
}

/** The last sheet, as long as it can be taken back as a whole. */
export interface Done {
	readonly accepted: readonly Recent[];
	readonly apart: number;
	readonly at: number;
}

/** A house that is to be looked at by itself. */
export interface Apart {
	readonly case: string;
	readonly name: string;
}

const RENEW_S = 180;
const ACTIVE_S = 120;
const MOST_SKIPPED = 50;
/** How long what was kept may take to reach the server before the first sheet is asked for. */
const KEPT_MS = 4_000;
/** Tries to tell the server what was taken out, and the wait between. */
const TRIES = 3;
const RETRY_MS = 1_500;

function judgedOf({ case: id, version, name, region }: House): Judged {
	return { id, version, family: { name, region } };
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

export class SheetDesk {
	phase = $state<Phase>('loading');
	error = $state.raw<unknown>(null);
	houses = $state.raw<readonly House[]>([]);
	out = $state.raw<ReadonlyMap<string, Out>>(new Map());
	/** Which of its photos each house shows. */
	turned = $state.raw<ReadonlyMap<string, number>>(new Map());
	/** Houses that were on the screen with their photo. */
	seen = $state.raw<ReadonlySet<string>>(new Set());
	refusals = $state.raw<readonly Refusal[]>([]);
	done = $state.raw<Done | null>(null);
	/** What was taken out in this sitting and not looked at yet. */
	apart = $state.raw<readonly Apart[]>([]);
	/** How many wait in reach; null while that is not known. */
	waiting = $state<number | null>(null);
	/** The lease ran out. */
	ended = $state(false);
	/** What was taken out did not reach the server. */
	untold = $state(false);
	paused = $state(false);
	/** The server's clock, by the second. */
	now = $state(serverNow());

	#until = $state(0);

	readonly sorted = $derived(sorted(this.houses, this.out));
	readonly left = $derived((this.#until - this.now) / 1_000);

	readonly photos = new Photos();
	readonly outgoing: Outgoing;
	#sheet: string | null = null;
	#watch = new Watch(() => performance.now());
	readonly #skipped = new Set<string>();
	#renewedAt = 0;
	#lastInput = serverNow();
	#gone = false;

	constructor(outgoing: Outgoing) {
		this.outgoing = outgoing;
	}

	/** `fresh`: nobody has looked into the vault since the page was loaded. */
	async start(fresh: boolean): Promise<void> {
		const entries = fresh ? await this.outgoing.vault.entries(serverNow()) : [];
		const ends = entries.map(async (entry) => ({ entry, end: await this.outgoing.post(entry, { kept: true }) }));
		for (const each of ends) {
			void each.then(({ entry, end }) => {
				if (end.kind === 'refused') this.refusals = [...this.refusals, { entry, error: end.error, name: null }];
			});
		}
		// The next sheet takes the name off the leases that these still need.
		if (ends.length > 0) await Promise.race([Promise.all(ends), sleep(KEPT_MS)]);
		await this.take();
	}

	/** The next sheet; `again`: only these, which were taken back. */
	async take(again: readonly string[] = []): Promise<void> {
		if (this.paused || this.#gone) return;
		this.phase = again.length > 0 ? 'undoing' : 'loading';
		this.error = null;
		try {
			const skip = [...this.#skipped].slice(-MOST_SKIPPED);
			const sheet = await told(api.POST('/v1/review/sheets', { body: { again: [...again], skip } }));
			this.#sheet = sheet.sheet;
			if (this.#gone || this.paused) return this.release();
			this.#show(sheet);
		} catch (error) {
			this.error = error;
			this.houses = [];
			this.phase = 'failed';
		}
		void this.count();
	}

	#show({ houses, until }: Schemas['ContactSheet']): void {
		this.#until = Date.parse(until);
		this.#renewedAt = serverNow();
		this.#watch = new Watch(() => performance.now());
		this.#watch.hide(document.hidden);
		this.now = serverNow();
		this.ended = false;
		this.out = new Map();
		this.turned = new Map();
		this.seen = new Set();
		this.houses = houses;
		this.phase = houses.length > 0 ? 'ready' : 'empty';
		this.#load();
	}

	/** Fronts first; another photo is loaded when somebody turns to it. */
	#load(): void {
		const fronts = this.houses.flatMap((house) => this.#wants(house, 0));
		const others = this.houses.flatMap((house) => {
			const at = this.turned.get(house.case) ?? 0;
			return at === 0 ? [] : this.#wants(house, at);
		});
		this.photos.plan([...fronts, ...others], new Set(this.houses.map(({ case: id }) => id)));
	}

	#wants(house: House, at: number): Want[] {
		const look = looksOf(house)[at];
		return look === undefined ? [] : [{ case: house.case, photo: look.photo.id, side: '320', now: true }];
	}

	async count(): Promise<void> {
		try {
			this.waiting = (await told(api.GET('/v1/review/waiting'))).waiting;
		} catch {
			// The number is a help, not a condition.
		}
	}

	/** The photo that a house shows now. */
	lookOf(house: House): { look: Look | undefined; at: number; all: number } {
		const looks = looksOf(house);
		const at = Math.min(this.turned.get(house.case) ?? 0, Math.max(looks.length - 1, 0));
		return { look: looks[at], at, all: looks.length };
	}

	/** How many fronts are still on their way. */
	get loading(): number {
		return this.houses.filter((house) => {
			const front = looksOf(house)[0];
			const state = front === undefined ? 'failed' : this.photos.get(house.case, front.photo.id, '320')?.state;
			return state !== 'ready' && state !== 'failed';
		}).length;
	}

	/** How many would be accepted that nobody has had before their eyes. */
	get unseen(): number {
		return this.sorted.accepted.filter(({ case: id }) => !this.seen.has(id)).length;
	}

	touched(): void {
		this.#lastInput = serverNow();
	}

	/** Takes a house out, or puts it back; one whose photo failed or that is gone stays out. Whether it is out now. */
	toggle(house: House): boolean {
		const why = this.out.get(house.case);
		const out = new Map(this.out);
		if (why === undefined) out.set(house.case, 'picked');
		else if (why === 'picked') out.delete(house.case);
		this.out = out;
		return out.has(house.case);
	}

	/** A front that cannot be shown is not accepted: nobody saw it. */
	failed(house: House): void {
		if (!this.out.has(house.case)) this.out = new Map(this.out).set(house.case, 'failed');
	}

	/** Its photo came after all. */
	mended(house: House): void {
		if (this.out.get(house.case) !== 'failed') return;
		const out = new Map(this.out);
		out.delete(house.case);
		this.out = out;
	}

	reload(house: House): void {
		const look = this.lookOf(house).look;
		const photo = look === undefined ? undefined : this.photos.get(house.case, look.photo.id, '320');
		if (photo !== undefined) this.photos.again(photo);
	}

	/** The next photo of a house. */
	turn(house: House): void {
		const { at, all } = this.lookOf(house);
		if (all < 2) return;
		this.turned = new Map(this.turned).set(house.case, (at + 1) % all);
		this.#load();
	}

	/** A house with its photo came onto the screen, or left it. */
	look(house: House, shown: boolean): void {
		this.#watch.turn(house.case, shown);
		if (shown && !this.seen.has(house.case)) this.seen = new Set(this.seen).add(house.case);
	}

	hide(hidden: boolean): void {
		this.#watch.hide(hidden);
	}

	/** Accepts all that was not taken out, each by itself, and goes on to the next sheet when the server has answered. */
	async accept(): Promise<void> {
		const sheet = this.#sheet;
		if (sheet === null || this.phase !== 'ready') return;
		const { accepted, picked, left } = this.sorted;
		this.phase = 'saving';
		const all = this.houses.length;
		const sent = accepted.map((house) => {
			const on = { sheet, shown_ms: this.#watch.shownMs(house.case), houses: all };
			return { house, ...this.outgoing.acceptOnSheet(judgedOf(house), on) };
		});
		for (const { case: id } of [...picked, ...left]) this.#skipped.add(id);
		this.apart = [...this.apart, ...picked.map(({ case: id, name }) => ({ case: id, name }))];
		this.done = { accepted: sent.map(({ recent }) => recent), apart: picked.length, at: serverNow() };
		// Another sheet takes the name off this one's leases: everything is there before it is asked for.
		const [, ...ends] = await Promise.all([this.#tellTakenOut(sheet, picked), ...sent.map(({ ended }) => ended)]);
		ends.forEach((end, at) => {
			const one = sent[at];
			if (one !== undefined && end.kind === 'refused') this.#refused(one.recent, end);
		});
		if (this.done !== null) this.done = { ...this.done, at: serverNow() };
		await this.take();
	}

	#refused({ entry, name }: Recent, { error }: Extract<Ended, { kind: 'refused' }>): void {
		this.refusals = [...this.refusals, { entry, error, name }];
		this.#skipped.add(entry.case);
	}

	async #tellTakenOut(sheet: string, picked: readonly House[]): Promise<void> {
		if (picked.length === 0) return;
		const body = { event_id: newEvent(), cases: picked.map(({ case: id }) => id) };
		const init = { params: { path: { sheet } }, body, keepalive: true };
		for (let tries = 1; !this.#gone && tries <= TRIES; tries += 1) {
			try {
				await told(api.POST('/v1/review/sheets/{sheet}/taken-out', init));
				return;
			} catch (error) {
				if (error instanceof ProblemError && error.status < 500) break;
				// Without a line it waits as long as the acceptances beside it do.
				if (error instanceof OfflineError) tries = 0;
				await sleep(RETRY_MS * Math.max(tries, 1));
			}
		}
		this.untold = true;
	}

	/** Whether the last sheet can be taken back as a whole with a key. */
	get undoable(): Done | null {
		const { done } = this;
		return done !== null && done.accepted.length > 0 && this.now - done.at <= UNDO_S * 1_000 ? done : null;
	}

	/** Takes the last sheet back and shows it again. How many came back, of how many. */
	async undo(): Promise<{ back: number; of: number } | null> {
		const done = this.undoable;
		if (done === null || (this.phase !== 'ready' && this.phase !== 'empty')) return null;
		this.done = null;
		this.phase = 'undoing';
		await Promise.all(done.accepted.map((recent) => this.outgoing.undo(recent, { withSheet: true })));
		await this.take(done.accepted.map(({ entry }) => entry.case));
		return { back: this.houses.length, of: done.accepted.length };
	}

	/** Takes one acceptance back: the house waits for a review again. */
	async undoOne(recent: Recent): Promise<boolean> {
		const end = await this.outgoing.undo(recent, { withSheet: true });
		if (this.done !== null) {
			const accepted = this.done.accepted.filter(({ entry }) => entry.event !== recent.entry.event);
			this.done = { ...this.done, accepted };
		}
		void this.count();
		return end?.kind === 'done';
	}

	dismiss(refusal: Refusal): void {
		this.refusals = this.refusals.filter((each) => each !== refusal);
	}

	/** `E`: another ten minutes, also after they ran out and nobody came. */
	async renew(): Promise<void> {
		const sheet = this.#sheet;
		if (sheet === null || this.phase !== 'ready') return;
		this.#renewedAt = serverNow();
		try {
			const kept = await told(api.POST('/v1/review/sheets/{sheet}/lease', { params: { path: { sheet } } }));
			if (this.#sheet !== sheet || this.phase !== 'ready') return;
			this.#until = Date.parse(kept.until);
			this.ended = false;
			this.#lose(lostOf(this.houses, kept.cases));
		} catch (error) {
			if (error instanceof ProblemError && error.code === 'lease_lost') this.#lose(this.houses);
			// Anything else is no news of the lease; the clock goes on.
		}
	}

	#lose(houses: readonly House[]): void {
		if (houses.length === 0) return;
		const out = new Map(this.out);
		for (const { case: id } of houses) out.set(id, 'gone');
		this.out = out;
	}

	/** Each second. */
	tick(): void {
		this.now = serverNow();
		if (this.paused || this.phase !== 'ready') return;
		if (this.left <= 0) this.ended = true;
		const idle = (this.now - this.#lastInput) / 1_000;
		if (idle < ACTIVE_S && !this.ended && this.now - this.#renewedAt > RENEW_S * 1_000) void this.renew();
	}

	/** Gives back what is left: the page is left or hidden for good. */
	release(): void {
		const sheet = this.#sheet;
		// What is on its way still needs its lease.
		if (sheet === null || this.phase === 'saving') return;
		this.#sheet = null;
		told(api.DELETE('/v1/review/sheets/{sheet}/lease', { params: { path: { sheet } }, keepalive: true })).catch(() => {});
	}

	/** Another tab goes on. */
	pause(): void {
		this.paused = true;
		this.#sheet = null;
	}

	async resume(): Promise<void> {
		this.paused = false;
		await this.take();
	}

	end(): void {
		if (!this.paused) this.release();
		this.#gone = true;
		this.photos.end();
	}

	get isOffline(): boolean {
		return this.error instanceof OfflineError;
	}
}
