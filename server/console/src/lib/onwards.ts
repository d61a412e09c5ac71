/** A path of this site to go on to after signing in; null for anything else. */
export function onwards(text: string | null, origin: string): string | null {
	if (text === null || !text.startsWith('/')) return null;
	// The browser's own reading: `//host`, `/\host` and hidden tabs all leave the site.
	const url = URL.canParse(text, origin) ? new URL(text, origin) : null;
	if (url === null || url.origin !== origin || url.pathname.startsWith('//') || url.pathname === '/masuk') return null;
	return url.pathname + url.search + url.hash;
}
