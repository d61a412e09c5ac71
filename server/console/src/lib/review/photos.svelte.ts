/**
 * Photos loaded ahead as decoded elements, kept by case and moved into the page. The server says `no-store`: an element
 * is asked for once and lives in memory only; what comes late for a case that left is dropped with it.
 */
import { wantKey, type Side, type Want } from './queue.ts';

/** Attempts after the first. */
const RETRY_MS: readonly number[] = [500, 1_000, 2_000];
const AT_ONCE = 4;

export type PhotoState = 'waiting' | 'loading' | 'ready' | 'failed';

export function photoUrl(photo: string, side: Side): string {
	return `/v1/photos/${encodeURIComponent(photo)}/${side}`;
}

/** One photo at one size. */
export class Loaded {
	state = $state<PhotoState>('waiting');
	image = $state.raw<HTMLImageElement | null>(null);
	readonly want: Want;
	#gone = false;

	constructor(want: Want) {
		this.want = want;
	}

	/** Resolves when it is decoded or given up. */
	async load(): Promise<void> {
		this.state = 'loading';
		for (let tries = 0; !this.#gone; tries += 1) {
			const image = new Image();
			image.draggable = false;
			if (this.want.now) image.fetchPriority = 'high';
			image.src = photoUrl(this.want.photo, this.want.side);
			this.image = image;
			try {
				await image.decode();
				if (!this.#gone) this.state = 'ready';
				return;
			} catch {
				const wait = RETRY_MS[tries];
				if (this.#gone || wait === undefined) break;
				await new Promise((resolve) => setTimeout(resolve, wait));
			}
		}
		this.image = null;
		this.state = 'failed';
	}

	leave(): void {
		this.#gone = true;
		// Without its source a request on its way is given up, and the decoded pixels with it.
		this.image?.removeAttribute('src');
		this.image = null;
	}
}

/** All photos of the cases at hand. */
export class Photos {
	#all = $state.raw<ReadonlyMap<string, Loaded>>(new Map());
	#order: string[] = [];
	#running = 0;
	#ended = false;

	get(id: string, photo: string, side: Side): Loaded | undefined {
		return this.#all.get(wantKey({ case: id, photo, side }));
	}

	/** Loads these in this order and forgets every case that is not in `keep`. */
	plan(wants: readonly Want[], keep: ReadonlySet<string>): void {
		if (this.#ended) return;
		const next = new Map<string, Loaded>();
		for (const [key, loaded] of this.#all) {
			if (keep.has(loaded.want.case)) next.set(key, loaded);
			else loaded.leave();
		}
		for (const want of wants) {
			const key = wantKey(want);
			if (!next.has(key)) next.set(key, new Loaded(want));
		}
		this.#all = next;
		this.#order = wants.map(wantKey);
		this.#pump();
	}

	/** `Muat ulang foto`. */
	again(loaded: Loaded): void {
		if (loaded.state !== 'failed') return;
		loaded.state = 'waiting';
		this.#order = [wantKey(loaded.want), ...this.#order];
		this.#pump();
	}

	end(): void {
		this.#ended = true;
		for (const loaded of this.#all.values()) loaded.leave();
		this.#all = new Map();
		this.#order = [];
	}

	#pump(): void {
		while (this.#running < AT_ONCE) {
			const next = this.#order.map((key) => this.#all.get(key)).find((loaded) => loaded?.state === 'waiting');
			if (next === undefined) return;
			this.#running += 1;
			void next.load().finally(() => {
				this.#running -= 1;
				this.#pump();
			});
		}
	}
}
