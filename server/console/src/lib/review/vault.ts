/**
 * What survives a reload: decisions on their way and marks not yet sent, for a day. Ids and codes are plain; a note is
 * sealed under a key that cannot leave the browser. Storage may be forbidden: then the page's memory is all there is.
 */
import type { Mark } from './marks.ts';
import { isOld, type Entry } from './outbox.ts';
import { VAULT } from './wipe.ts';

interface Sealed {
	readonly iv: Uint8Array<ArrayBuffer>;
	readonly bytes: ArrayBuffer;
}

interface KeptEntry extends Omit<Entry, 'note'> {
	readonly user: string;
	readonly note: Sealed | null;
}

interface KeptDraft {
	readonly case: string;
	readonly user: string;
	readonly at: number;
	readonly marks: readonly Mark[];
	readonly note: Sealed | null;
}

/** Marks and note of a case that was not judged yet. */
export interface Draft {
	readonly marks: readonly Mark[];
	readonly note: string;
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error('indexeddb'));
	});
}

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
	opened ??= (async () => {
		const request = indexedDB.open(VAULT, 1);
		request.onupgradeneeded = () => {
			request.result.createObjectStore('keys');
			request.result.createObjectStore('outbox', { keyPath: 'event' });
			request.result.createObjectStore('drafts', { keyPath: 'case' });
		};
		const db = await answered(request);
		// Signing out deletes it all, here or in another tab.
		db.onversionchange = () => {
			db.close();
			opened = null;
		};
		db.onclose = () => (opened = null);
		return db;
	})();
	opened.catch(() => (opened = null));
	return opened;
}

type Store = 'keys' | 'outbox' | 'drafts';

async function within<T>(store: Store, mode: IDBTransactionMode, ask: (rows: IDBObjectStore) => IDBRequest<T>): Promise<T> {
	const db = await open();
	return answered(ask(db.transaction(store, mode).objectStore(store)));
}

/** One person's part of the vault. */
export class Vault {
	readonly #user: string;
	#key: Promise<CryptoKey> | null = null;
	/** Drafts are written one after the other, so that the last letter typed is the one that is kept. */
	#drafting: Promise<void> = Promise.resolve();

	constructor(user: string) {
		this.#user = user;
	}

	async #keyOf(): Promise<CryptoKey> {
		const found: unknown = await within('keys', 'readonly', (rows) => rows.get(this.#user));
		if (found instanceof CryptoKey) return found;
		const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
		try {
			await within('keys', 'readwrite', (rows) => rows.add(made, this.#user));
			return made;
		} catch {
			// Another tab was faster: one key for both.
			const other: unknown = await within('keys', 'readonly', (rows) => rows.get(this.#user));
			return other instanceof CryptoKey ? other : made;
		}
	}

	#theKey(): Promise<CryptoKey> {
		this.#key ??= this.#keyOf();
		this.#key.catch(() => (this.#key = null));
		return this.#key;
	}

	async #sealed(text: string): Promise<Sealed | null> {
		if (text === '') return null;
		const iv = crypto.getRandomValues(new Uint8Array(12));
		const key = await this.#theKey();
		return { iv, bytes: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(text)) };
	}

	async #opened(sealed: Sealed | null): Promise<string> {
		if (sealed === null) return '';
		const key = await this.#theKey();
		return new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv }, key, sealed.bytes));
	}

	async keep(entry: Entry): Promise<void> {
		try {
			const kept: KeptEntry = { ...entry, user: this.#user, note: await this.#sealed(entry.note) };
			await within('outbox', 'readwrite', (rows) => rows.put(kept));
		} catch {
			// It is sent all the same; only a reload would lose it.
		}
	}

	async drop(event: string): Promise<void> {
		try {
			await within('outbox', 'readwrite', (rows) => rows.delete(event));
		} catch {
			// A repeat of the same event changes nothing.
		}
	}

	/** What was on its way when the page ended, the oldest first. What is too old is thrown away, whosever it is. */
	async entries(now: number): Promise<Entry[]> {
		try {
			const kept: KeptEntry[] = await within('outbox', 'readonly', (rows) => rows.getAll());
			const found: Entry[] = [];
			for (const { user, note, ...entry } of kept.toSorted((a, b) => a.at - b.at)) {
				if (isOld(entry, now)) await this.drop(entry.event);
				else if (user === this.#user) found.push({ ...entry, note: await this.#opened(note) });
			}
			return found;
		} catch {
			return [];
		}
	}

	/** Keeps the marks and the note of a case; nothing marked keeps nothing. */
	keepDraft(id: string, { marks, note }: Draft, now: number): Promise<void> {
		if (marks.length === 0 && note === '') return this.dropDraft(id);
		return this.#draft(async () => {
			const kept: KeptDraft = { case: id, user: this.#user, at: now, marks, note: await this.#sealed(note) };
			await within('drafts', 'readwrite', (rows) => rows.put(kept));
		});
	}

	dropDraft(id: string): Promise<void> {
		return this.#draft(async () => {
			await within('drafts', 'readwrite', (rows) => rows.delete(id));
		});
	}

	#draft(write: () => Promise<void>): Promise<void> {
		this.#drafting = this.#drafting.then(write).catch(() => {
			// The page still has it, and what is too old goes by itself.
		});
		return this.#drafting;
	}

	/** The drafts of this person by case; what is too old is thrown away. */
	async drafts(now: number): Promise<Map<string, Draft>> {
		const found = new Map<string, Draft>();
		try {
			const kept: KeptDraft[] = await within('drafts', 'readonly', (rows) => rows.getAll());
			for (const draft of kept) {
				if (isOld(draft, now)) await this.dropDraft(draft.case);
				else if (draft.user === this.#user) {
					found.set(draft.case, { marks: draft.marks, note: await this.#opened(draft.note) });
				}
			}
		} catch {
			// Nothing to go on with.
		}
		return found;
	}
}
