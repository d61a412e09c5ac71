/** Sends decisions behind the screen's back, repeats them under the same event, and remembers the last ones for undoing. */
import { api, entrances, newEvent, OfflineError, ProblemError, serverNow, told, type Schemas } from '#lib/api.ts';

import { session } from '#lib/session.svelte.ts';

import type { CaseView } from './evidence.ts';
import type { Mark } from './marks.ts';
import { acceptBody, actBody, meaningOf, returnOf, waitAfter, type Act, type Entry } from './outbox.ts';
import { changed, remembered, undoOf, type Decision, type Recent } from './undo.ts';
import { Vault } from './vault.ts';

/** How an act ended. */
export type Ended = { readonly kind: 'done'; readonly view: CaseView } | { readonly kind: 'refused'; readonly error: ProblemError };

/** `trying` by itself, `unsent` until somebody asks, `signed_out` until the same person is back. */
export type SendState = 'trying' | 'unsent' | 'signed_out';

/** What is told of a case that is judged. */
export interface Judged {
	readonly id: string;
	readonly version: number;
	readonly family: Pick<CaseView['family'], 'name' | 'region'>;
}

/** An entry on its way. */
export interface Sending {
	readonly entry: Entry;
	readonly state: SendState;
	/** The server was not reached yet. */
	readonly failed: boolean;
}

function send(entry: Entry): Promise<CaseView> {
	// A tab that is closed in this moment sends it all the same.
	const init = { params: { path: { id: entry.case } }, keepalive: true };
	const act = { ...init, body: actBody(entry) };
	const take = () => told(api.POST('/v1/cases/{id}/lease', init));
	const calls: Readonly<Record<Act, () => Promise<CaseView>>> = {
		accept: () => told(api.POST('/v1/cases/{id}/accept', { ...init, body: acceptBody(entry) })),
		return: () => told(api.POST('/v1/cases/{id}/return', { ...init, body: returnOf(entry) })),
		'agree-unreachable': () => told(api.POST('/v1/cases/{id}/agree-unreachable', act)),
		reopen: () => told(api.POST('/v1/cases/{id}/reopen', act)),
		// Whoever takes a judgement back means to look again: the case is taken before somebody else can.
		// One of a sheet comes back with its sheet.
		withdraw: () => told(api.POST('/v1/cases/{id}/withdraw', act)).then(entry.sheet === undefined ? take : (view) => view),
		'take-back': () => told(api.POST('/v1/cases/{id}/take-back', act)).then(take),
	};
	return calls[entry.act]();
}

/** A pause that can be cut short. */
interface Pause {
	readonly go: () => void;
	readonly over: Promise<void>;
}

function pause(ms: number | null): Pause {
	let go = () => {};
	const over = new Promise<void>((resolve) => {
		const timer = ms === null ? undefined : setTimeout(resolve, ms);
		go = () => {
			clearTimeout(timer);
			resolve();
		};
	});
	return { go, over };
}

export class Outgoing {
	/** What the server has not answered yet, the oldest first. */
	list = $state.raw<readonly Sending[]>([]);
	/** The last decisions, the newest first. */
	recent = $state.raw<readonly Recent[]>([]);
	/** The events of withdrawals and take-backs: the same is sent when somebody asks again. */
	readonly #undoEvents = new Map<string, string>();
	readonly #pauses = new Map<string, Pause>();
	readonly #ends = new Map<string, Promise<Ended>>();
	readonly vault: Vault;
	/** Whose decisions these are. */
	readonly #user: string;
	#dropped = false;

	constructor(user: string) {
		this.#user = user;
		this.vault = new Vault(user);
	}

	/** Whether what is sent now is sent in the name of whoever decided it. */
	get #isOurs(): boolean {
		return session.standing === 'in' && session.other === null && session.me?.user === this.#user;
	}

	/** Its person left: nothing of it is sent any more. */
	drop(): void {
		this.#dropped = true;
		this.list = [];
		this.recent = [];
	}

	/** Entries that nobody is trying to send any more. */
	get unsent(): readonly Sending[] {
		return this.list.filter(({ state }) => state === 'unsent');
	}

	/** The cases of which something is on its way: they are not to be shown again yet. */
	get cases(): ReadonlySet<string> {
		return new Set(this.list.map(({ entry }) => entry.case));
	}

	#entryOf(act: Act, view: Judged, marks: readonly Mark[] = [], note = ''): Entry {
		return { event: newEvent(), case: view.id, act, version: view.version, marks, note, at: serverNow() };
	}

	/** Sends until the server answered, whatever happens between. `kept`: from before a reload. */
	async post(entry: Entry, { kept = false } = {}): Promise<Ended> {
		this.list = [...this.list, { entry, state: 'trying', failed: false }];
		const written = kept ? Promise.resolve() : this.vault.keep(entry);
		let tries = 0;
		for (;;) {
			// Whoever sits here now has not decided it. It waits for the person who has, or for ever.
			if (this.#dropped) return new Promise<Ended>(() => {});
			if (!this.#isOurs) {
				await this.#wait(entry, 'signed_out', null);
				continue;
			}
			const before = entrances();
			try {
				const view = await send(entry);
				this.#end(entry, written);
				return { kind: 'done', view };
			} catch (error) {
				const status = error instanceof ProblemError ? error.status : null;
				const meaning = error instanceof ProblemError || error instanceof OfflineError ? meaningOf(status) : 'later';
				if (meaning === 'refused' && error instanceof ProblemError) {
					this.#end(entry, written);
					return { kind: 'refused', error };
				}
				if (meaning === 'signed_out') {
					// They are back already: nobody calls a second time.
					if (entrances() !== before) continue;
					await this.#wait(entry, 'signed_out', null);
					continue;
				}
				tries += 1;
				const wait = waitAfter(tries, error instanceof ProblemError ? error.retryAfterS : undefined);
				await this.#wait(entry, wait === null ? 'unsent' : 'trying', wait);
				if (wait === null) tries = 0;
			}
		}
	}

	async #wait(entry: Entry, state: SendState, ms: number | null): Promise<void> {
		const held = pause(ms);
		this.#pauses.set(entry.event, held);
		this.#say(entry, { state, failed: true });
		await held.over;
		this.#pauses.delete(entry.event);
		this.#say(entry, { state: 'trying', failed: true });
	}

	#say(entry: Entry, change: Partial<Sending>): void {
		this.list = this.list.map((sending) => (sending.entry.event === entry.event ? { ...sending, ...change } : sending));
		this.#mark(entry.event, { standing: change.state === 'unsent' ? 'unsent' : 'sending' }, 'sending', 'unsent');
	}

	#end(entry: Entry, written: Promise<void>): void {
		this.list = this.list.filter((sending) => sending.entry.event !== entry.event);
		// An answer may be faster than the disk.
		void written.then(() => this.vault.drop(entry.event));
	}

	/** `Kirim lagi`, the line is back, or the same person signed in again: what waits is sent now. */
	resume(which: (sending: Sending) => boolean): void {
		for (const sending of this.list.filter(which)) this.#pauses.get(sending.entry.event)?.go();
	}

	#mark(event: string, change: Partial<Recent>, ...only: Recent['standing'][]): void {
		const found = this.recent.find(({ entry }) => entry.event === event);
		if (found === undefined || (only.length > 0 && !only.includes(found.standing))) return;
		this.recent = changed(this.recent, event, change);
	}

	/** Sends a decision and keeps it among the last ones. */
	decide(act: Decision, view: Judged, marks: readonly Mark[], note: string): { entry: Entry; ended: Promise<Ended> } {
		return this.#decided(act, view, this.#entryOf(act, view, marks, note));
	}

	/** The same of a house on a contact sheet; `recent` is for taking it back. */
	acceptOnSheet(view: Judged, sheet: Schemas['OnSheet']): { recent: Recent; ended: Promise<Ended> } {
		const { entry, ended } = this.#decided('accept', view, { ...this.#entryOf('accept', view), sheet });
		const { name, region } = view.family;
		return { recent: { entry, act: 'accept', name, region, standing: 'sending', version: null }, ended };
	}

	#decided(act: Decision, view: Judged, entry: Entry): { entry: Entry; ended: Promise<Ended> } {
		const { name, region } = view.family;
		this.recent = remembered(this.recent, { entry, act, name, region, standing: 'sending', version: null });
		const ended = this.post(entry).then((end) => {
			if (end.kind === 'done') this.#mark(entry.event, { standing: 'done', version: end.view.version }, 'sending', 'unsent');
			else this.#mark(entry.event, { standing: 'refused' });
			return end;
		});
		this.#ends.set(entry.event, ended);
		return { entry, ended };
	}

	/**
	 * Takes a decision back, after it has reached the server. Null when it never stood or cannot be taken back. `withSheet`:
	 * a house of a contact sheet is not taken by itself, its sheet is.
	 */
	async undo(recent: Recent, { withSheet = false } = {}): Promise<Ended | null> {
		const { entry } = recent;
		const act = undoOf(recent.act);
		if (act === null) return null;
		this.#mark(entry.event, { standing: 'undoing' });
		const first = await this.#ends.get(entry.event);
		if (first === undefined || first.kind === 'refused') {
			this.#mark(entry.event, { standing: 'refused' });
			return null;
		}
		const event = this.#undoEvents.get(entry.event) ?? newEvent();
		this.#undoEvents.set(entry.event, event);
		const end = await this.post({ event, case: entry.case, act, version: first.view.version, marks: [], note: '', at: serverNow(), sheet: withSheet ? entry.sheet : undefined });
		this.#mark(entry.event, { standing: end.kind === 'done' ? 'undone' : 'kept' });
		return end;
	}
}

let own: { user: string; outgoing: Outgoing } | null = null;

/** The outbox of who is signed in. It goes on when the review screen is left, and ends with its person. */
export function outgoingOf(user: string): { outgoing: Outgoing; fresh: boolean } {
	if (own?.user === user) return { outgoing: own.outgoing, fresh: false };
	own?.outgoing.drop();
	const outgoing = new Outgoing(user);
	own = { user, outgoing };
	// Without this screen, too, nobody signs out over what was not sent.
	session.unsent = () => outgoing.list.length;
	session.atLeaving = () => {
		outgoing.drop();
		own = null;
	};
	return { outgoing, fresh: true };
}
