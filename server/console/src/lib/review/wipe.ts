/** The name of what a reviewer's browser keeps, and its end. Apart, so that signing out need not load the review screen. */
export const VAULT = 'tilik-review';

/** Signing out leaves nothing: no key, no note, no decision that was not sent. */
export function wipe(): void {
	try {
		indexedDB.deleteDatabase(VAULT);
	} catch {
		// Storage is forbidden here, so nothing was kept either.
	}
}
