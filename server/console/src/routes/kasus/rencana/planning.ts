/** Choosing families for visits: by rule, by chance, and shared out among officers. Nothing here asks the server. */
import type { Schemas } from '#lib/api.ts';

import { walkingOrder, worksIn } from '../assigning.ts';

type Family = Schemas['FamilyRow'];
type Officer = Schemas['OfficerView'];

export interface Rules {
	/** Only with an active membership in this program; '' is any. */
	readonly program: string;
	/** At least this decile; 0 is any. */
	readonly decile: number;
	/** With a decile asked for: also those who have none yet. */
	readonly unranked: boolean;
	/** Part of the name or of the address. */
	readonly text: string;
}

function holds(family: Family, program: string): boolean {
	return family.memberships.some((one) => one.state === 'active' && (program === '' || one.program === program));
}

function fits(family: Family, rules: Rules): boolean {
	if (!holds(family, rules.program)) return false;
	if (rules.decile > 0) {
		const known = family.decile ?? null;
		if (known === null ? !rules.unranked : known < rules.decile) return false;
	}
	const text = rules.text.trim().toLocaleLowerCase('id');
	return text === '' || `${family.name} ${family.address}`.toLocaleLowerCase('id').includes(text);
}

/** Families that the rules leave, and how many of those have a case already: these are never chosen. */
export function chosenBy(families: readonly Family[], rules: Rules): { free: Family[]; busy: number } {
	const found = families.filter((family) => fits(family, rules));
	const free = found.filter((family) => !family.case);
	return { free, busy: found.length - free.length };
}

/** The programs in which somebody here is active. */
export function programsOf(families: readonly Family[]): string[] {
	const held = families.flatMap((family) => family.memberships.filter((one) => one.state === 'active'));
	return [...new Set(held.map((one) => one.program))].toSorted();
}

/** 64 random bits in hex. */
export function newSeed(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** 53 bits of a text, each of them hanging on all of it (two rounds of cyrb53's mixing). */
function hash(text: string): number {
	let [high, low] = [0xdeadbeef, 0x41c6ce57];
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		high = Math.imul(high ^ code, 2654435761);
		low = Math.imul(low ^ code, 1597334677);
	}
	high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
	low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
	return 4294967296 * (2097151 & low) + (high >>> 0);
}

/**
 * So many of a hundred, by chance, at least one. The seed and the family's id alone say how a family is ranked, so the
 * same seed over the same families gives the same share, in whatever order they came.
 */
export function share(families: readonly Family[], percent: number, seed: string): Family[] {
	if (percent >= 100) return [...families];
	const count = Math.ceil((families.length * percent) / 100);
	const ranked = families.map((family) => ({ family, rank: hash(`${seed}:${family.id}`) }));
	return ranked
		.toSorted((a, b) => a.rank - b.rank || (a.family.id < b.family.id ? -1 : 1))
		.slice(0, count)
		.map(({ family }) => family);
}

export interface Taker {
	readonly officer: Officer;
	/** How many cases may lie with the officer, with those that do already. */
	readonly capacity: number;
}

/** How many more this officer can take. */
export function room({ officer, capacity }: Taker): number {
	return Math.max(0, capacity - officer.assigned - officer.returned);
}

export interface Plan {
	/** By the officers' ids, in walking order; nobody without a family is named. */
	readonly given: ReadonlyMap<string, readonly Family[]>;
	/** Nobody works there. */
	readonly nobody: readonly Family[];
	/** Somebody works there and has no room. */
	readonly full: readonly Family[];
}

/**
 * Shares families out: each village among those who work in it, in proportion to their room, in stretches along the walk,
 * so that neighbours are visited by one person. Villages with fewest officers come first: theirs have nowhere else to go.
 */
export function shareOut(families: readonly Family[], takers: readonly Taker[]): Plan {
	const villages = Map.groupBy(walkingOrder(families), (family) => family.region);
	const left = new Map(takers.map((taker) => [taker.officer.user, room(taker)]));
	const given = new Map<string, Family[]>();
	const nobody: Family[] = [];
	const full: Family[] = [];
	const ordered = [...villages]
		.map(([region, rows]) => ({ rows, here: takers.filter(({ officer }) => worksIn(officer, region)) }))
		.toSorted((a, b) => a.here.length - b.here.length);
	for (const { rows, here } of ordered) {
		if (here.length === 0) {
			nobody.push(...rows);
			continue;
		}
		let at = 0;
		const parts = portions(
			rows.length,
			here.map(({ officer }) => left.get(officer.user) ?? 0),
		);
		here.forEach(({ officer }, n) => {
			const part = parts[n] ?? 0;
			if (part === 0) return;
			given.set(officer.user, [...(given.get(officer.user) ?? []), ...rows.slice(at, at + part)]);
			left.set(officer.user, (left.get(officer.user) ?? 0) - part);
			at += part;
		});
		full.push(...rows.slice(at));
	}
	return { given: new Map([...given].map(([user, rows]) => [user, walkingOrder(rows)])), nobody, full };
}

/** `count` in proportion to the rooms and never more than one of them: what rounding leaves goes where most room is left. */
function portions(count: number, rooms: readonly number[]): number[] {
	const all = rooms.reduce((sum, one) => sum + one, 0);
	const wanted = Math.min(count, all);
	const parts = rooms.map((one) => (all === 0 ? 0 : Math.floor((wanted * one) / all)));
	for (let rest = wanted - parts.reduce((sum, one) => sum + one, 0); rest > 0; rest--) {
		const lefts = rooms.map((one, n) => one - (parts[n] ?? 0));
		const most = lefts.indexOf(Math.max(...lefts));
		parts[most] = (parts[most] ?? 0) + 1;
	}
	return parts;
}

/** How many per village, the most first. */
export function perVillage(families: readonly Family[]): [string, number][] {
	const counted = Map.groupBy(families, (family) => family.region);
	return [...counted].map(([region, rows]): [string, number] => [region, rows.length]).toSorted((a, b) => b[1] - a[1]);
}
