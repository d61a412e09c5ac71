/** How the pages of the bar are grouped, and the letter that opens each. Pure. */

/** The menus of the bar, by what people do there, in the order of the bar: the same one for everybody. */
const GROUPS = ['verifikasi', 'warga', 'program', 'data', 'pengaturan'] as const;
export type Group = (typeof GROUPS)[number];

export interface Listed {
	readonly href: string;
	readonly label: string;
	/** The menu it stands in; none: the bar itself. */
	readonly group?: Group;
	/** The letter that opens it after M. Without one it gets a letter that no other page has. */
	readonly key?: string;
}

/** One place in the bar: a page, or a menu of pages. */
export type Place<P extends Listed> = { readonly page: P } | { readonly group: Group; readonly pages: readonly P[] };

/** The pages of each menu that has some. */
export function groups<P extends Listed>(pages: readonly P[]): { readonly group: Group; readonly pages: readonly P[] }[] {
	return GROUPS.map((group) => ({ group, pages: pages.filter((page) => page.group === group) })).filter(({ pages: own }) => own.length > 0);
}

/** The bar from left to right: the pages of its own, then the menus; a menu of one page is that page. */
export function places<P extends Listed>(pages: readonly P[]): Place<P>[] {
	const own = pages.filter(({ group }) => group === undefined).map((page) => ({ page }));
	const menus = groups(pages).map((menu) => {
		const [only, ...more] = menu.pages;
		return only !== undefined && more.length === 0 ? { page: only } : menu;
	});
	return [...own, ...menus];
}

/** The letter of each page, by address: its own, or else the first letter of its name that is nobody's, or any such. */
export function letters(pages: readonly Listed[]): ReadonlyMap<string, string> {
	const taken = new Set(pages.flatMap(({ key }) => (key === undefined ? [] : [key])));
	const found = new Map<string, string>();
	for (const { href, label, key } of pages) {
		const free = key ?? [...label.toLowerCase(), ...'abcdefghijklmnopqrstuvwxyz0123456789'].find((letter) => /[a-z0-9]/.test(letter) && !taken.has(letter));
		if (free === undefined) continue;
		taken.add(free);
		found.set(href, free);
	}
	return found;
}
