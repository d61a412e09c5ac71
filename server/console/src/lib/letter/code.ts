/** The code of a letter from an address's fragment; null when there is none that looks like one. */
export function codeOf(hash: string): string | null {
	const code = hash.replace(/^#/, '');
	return /^[0-9A-Za-z_-]{116}$/.test(code) ? code : null;
}
