/** What this person has not been told yet; asked of the server once, so that no other browser tells it again. */
import { api, newEvent, told } from './api.ts';
import { untold, type Told } from './news.ts';
import { session } from './session.svelte.ts';
import { NEWEST } from './texts/news.ts';

class News {
	pending = $state.raw<readonly Told[]>([]);
	/** Whose news it is: somebody else who signs in here is told their own. */
	#of: string | null = null;

	/** This person has just chosen their first own password: nothing is new to who is new. */
	async welcome(): Promise<void> {
		this.#of = session.me?.user ?? null;
		this.pending = [];
		await this.#told();
	}

	async load(): Promise<void> {
		const me = session.me?.user;
		if (me === undefined || this.#of === me) return;
		this.#of = me;
		this.pending = [];
		try {
			const { items } = await told(api.GET('/v1/me/news'));
			const seen = new Map(items.map(({ role, version }) => [role, version]));
			if (this.#of !== me || session.roles.every((role) => seen.get(role) === NEWEST)) return;
			const { RELEASES } = await import('./texts/releases.ts');
			if (this.#of !== me) return;
			this.pending = untold(RELEASES, session.roles, items);
		} catch {
			// It waits for the next time the console is opened.
			this.#of = null;
		}
	}

	/** It was read: nowhere is it shown by itself again. */
	read(): void {
		if (this.pending.length === 0) return;
		this.pending = [];
		void this.#told();
	}

	async #told(): Promise<void> {
		if (session.roles.length === 0) return;
		const body = { event_id: newEvent(), version: NEWEST, roles: session.roles };
		// Where it does not arrive, it is told once more.
		await told(api.POST('/v1/me/news', { body })).catch(() => undefined);
	}
}

export const news = new News();
