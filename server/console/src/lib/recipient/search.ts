/**
 * What somebody looked for and found, kept in memory only: it never enters an address, the history or the disk, and coming
 * back from a family asks (and logs) nothing again.
 */
import type { Schemas } from '#lib/api.ts';

export interface Filters {
	readonly region: string;
	readonly program: string;
	readonly state: string;
}

export interface Found {
	readonly rows: readonly Schemas['FamilyRow'][];
	readonly next: string | null;
	readonly filters: Filters;
	/** What was typed; empty after a search by number, which is never kept. */
	readonly text: string;
	readonly byNumber: boolean;
}

class Search {
	#user = '';
	#found: Found | null = null;

	/** What this person found last. */
	of(user: string | undefined): Found | null {
		return user === this.#user ? this.#found : null;
	}

	keep(user: string | undefined, found: Found | null): void {
		this.#user = user ?? '';
		this.#found = found;
	}
}

export const lastSearch = new Search();
