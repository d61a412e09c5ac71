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

export interface Part {
	readonly text: string;
	readonly isHit: boolean;
}

/** A text in parts, of which those that were looked for are marked; capitals and the number of spaces make no difference. */
export function marked(text: string, sought: string): Part[] {
	const words = sought.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	if (words[0] === '') return [{ text, isHit: false }];
	return text
		.split(new RegExp(`(${words.join('\\s+')})`, 'iu'))
		.map((part, at) => ({ text: part, isHit: at % 2 === 1 }))
		.filter((part) => part.text !== '');
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
