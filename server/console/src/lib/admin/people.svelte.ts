/** The accounts in reach, for whoever manages them: lists name people by id. */
import { untrack } from 'svelte';

import { api, serverNow, told } from '../api.ts';
import { byName } from '../format.ts';
import { may, session } from '../session.svelte.ts';
import { holds, withGrant, type Grant, type User } from './grants.ts';

const PAGE = 200;

class People {
	list = $state.raw<readonly User[]>([]);
	ready = $state(false);
	error = $state.raw<unknown>(null);
	readonly #byId = $derived(new Map(this.list.map((user) => [user.id, user])));
	/** Whose list it is: somebody else who signs in here sees other people. */
	#of: string | null = null;
	#loading: Promise<void> | null = null;

	/** All of them, once; `again` asks anew. Does nothing for whoever may not ask. */
	load(again = false): Promise<void> {
		const me = session.me?.user ?? null;
		if (me === null || !may('manage_users')) return Promise.resolve();
		if (this.#of !== me) {
			this.list = [];
			this.ready = false;
			this.#of = me;
			this.#loading = null;
		}
		// An effect that asks must not ask again because asking failed.
		const failed = untrack(() => this.error !== null);
		if (this.#loading === null || again || failed) this.#loading = this.#ask(me);
		return this.#loading;
	}

	async #ask(me: string): Promise<void> {
		this.error = null;
		const found: User[] = [];
		try {
			let after: string | null | undefined;
			do {
				const query = { limit: PAGE, ...(after ? { after } : {}) };
				const page = await told(api.GET('/v1/users', { params: { query } }));
				found.push(...page.items);
				after = page.next;
			} while (after);
			if (this.#of !== me) return;
			this.list = found;
			this.ready = true;
		} catch (error) {
			if (this.#of === me) this.error = error;
		}
	}

	find(id: string): User | undefined {
		return this.#byId.get(id);
	}

	/** An account as the server just told it. */
	put(user: User): void {
		const known = this.#byId.has(user.id);
		this.list = known ? this.list.map((each) => (each.id === user.id ? user : each)) : [...this.list, user];
	}

	putGrant(id: string, grant: Grant): void {
		const user = this.find(id);
		if (user !== undefined) this.put(withGrant(user, grant));
	}

	/** Who holds a role now, by name. */
	holding(role: string): User[] {
		const now = serverNow();
		return this.list
			.filter((user) => !user.suspended && holds(user, role, now))
			.toSorted((a, b) => byName(a.name, b.name));
	}
}

export const people = new People();
