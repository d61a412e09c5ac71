/** The name of what a reviewer's browser keeps, and its end. Apart, so that signing out need not load the review screen. */
export const VAULT = 'tilik-review';
/** Where a tab keeps what was typed of a decree. */
export const DECREE = 'tilik-decree';

/** Signing out leaves nothing: no key, no note, no decision that was not sent, no words for a decree. */
export function wipe(): void {
	try {
		sessionStorage.removeItem(DECREE);
		indexedDB.deleteDatabase(VAULT);
	} catch {
		// Storage is forbidden here, so nothing was kept either.
	}
}
