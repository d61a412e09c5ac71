/** How long each house was before somebody's eyes: on the screen, its photo decoded, the page not hidden. Pure. */

interface Look {
	/** Milliseconds before this look. */
	readonly before: number;
	/** When this look began; null: it is not on the screen now. */
	readonly since: number | null;
}

export class Watch {
	readonly #looks = new Map<string, Look>();
	readonly #now: () => number;
	#hidden = false;

	constructor(now: () => number) {
		this.#now = now;
	}

	/** The house came onto the screen, or left it. */
	turn(id: string, shown: boolean): void {
		const look = this.#looks.get(id) ?? { before: 0, since: null };
		if (shown === (look.since !== null)) return;
		const before = look.since === null || this.#hidden ? look.before : look.before + this.#now() - look.since;
		this.#looks.set(id, { before, since: shown ? this.#now() : null });
	}

	/** The page was hidden, or is back: nobody looked meanwhile. */
	hide(hidden: boolean): void {
		if (hidden === this.#hidden) return;
		const now = this.#now();
		for (const [id, { before, since }] of this.#looks) {
			if (since !== null) this.#looks.set(id, { before: hidden ? before + now - since : before, since: now });
		}
		this.#hidden = hidden;
	}

	/** Whole milliseconds so far; nought for what was never there. */
	shownMs(id: string): number {
		const { before, since } = this.#looks.get(id) ?? { before: 0, since: null };
		return Math.floor(before + (since === null || this.#hidden ? 0 : this.#now() - since));
	}
}
