/** Filters that live in the address: a link to the same page with some of them changed. Pure. */

/** `?a=1&b=2` of `url` with `changes`; an empty or missing value leaves the name out. */
export function withQuery(
	url: { readonly pathname: string; readonly search: string },
	changes: Readonly<Record<string, string | null | undefined>>,
): string {
	const query = new URLSearchParams(url.search);
	for (const [name, value] of Object.entries(changes)) {
		if (value) query.set(name, value);
		else query.delete(name);
	}
	const text = query.toString();
	return text === '' ? url.pathname : `${url.pathname}?${text}`;
}
