/** One thing a screen asked for: what came, or why not. A late answer to an older question is dropped. */
export class Loaded<T> {
	value = $state.raw<T | null>(null);
	error = $state.raw<unknown>(null);
	#asked: AbortController | null = null;

	/** Forgets what was there and asks. */
	async load(ask: (signal: AbortSignal) => Promise<T>): Promise<void> {
		this.value = null;
		await this.refresh(ask);
	}

	/** Asks while what was there stays on the screen. */
	async refresh(ask: (signal: AbortSignal) => Promise<T>): Promise<void> {
		this.#asked?.abort();
		const mine = new AbortController();
		this.#asked = mine;
		this.error = null;
		try {
			const value = await ask(mine.signal);
			if (this.#asked === mine) this.value = value;
		} catch (error) {
			if (this.#asked === mine) this.error = error;
		}
	}

	/** Drops the answer that is under way. */
	stop(): void {
		this.#asked?.abort();
		this.#asked = null;
	}
}
