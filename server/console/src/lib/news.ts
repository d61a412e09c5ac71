/** Which news a person has not been told. Pure. */
import type { Schemas } from './api.ts';
import type { Item, Release } from './texts/releases.ts';

type Role = Schemas['Role'];
type SeenNews = Schemas['SeenNews'];

export interface Told {
	readonly release: Release;
	readonly items: readonly Item[];
}

/** What concerns one of these roles, version by version; versions that concern none are left out. */
export function newsFor(releases: readonly Release[], roles: readonly Role[]): Told[] {
	return releases
		.map((release) => ({ release, items: release.items.filter((item) => item.roles.some((role) => roles.includes(role))) }))
		.filter(({ items }) => items.length > 0);
}

/** How many of the releases, the newest first, came after the one that was seen; none for a version of a newer console. */
function after(releases: readonly Release[], version: string | undefined): number {
	if (version === undefined) return releases.length;
	const at = releases.findIndex((release) => release.version === version);
	return Math.max(at, 0);
}

/** What is to be told now: what of each version concerns a role that was told of none as new. */
export function untold(releases: readonly Release[], roles: readonly Role[], seen: readonly SeenNews[]): Told[] {
	const known = new Map(seen.map(({ role, version }) => [role, version]));
	return releases
		.map((release, at) => {
			const waiting = roles.filter((role) => at < after(releases, known.get(role)));
			return { release, items: release.items.filter((item) => item.roles.some((role) => waiting.includes(role))) };
		})
		.filter(({ items }) => items.length > 0);
}
