/** The rows of a family's form, and what is sent of them. */
import type { Schemas } from '#lib/api.ts';
import { form as t } from '#lib/texts/families.ts';

export interface Member {
	/** Tells rows apart while they come and go. */
	readonly key: number;
	name: string;
	nik: string;
	birth: string;
	sex: string;
	relation: string;
	mother: string;
}

type Relation = Schemas['Relation'];

export const RELATIONS = Object.keys(t.relations) as Relation[];

export const relationOptions = RELATIONS.map((value) => ({ value: value as string, label: t.relations[value] }));

export const sexOptions = [
	{ value: 'male', label: t.male },
	{ value: 'female', label: t.female },
];

let made = 0;

export function emptyMember(relation: Relation): Member {
	made += 1;
	return { key: made, name: '', nik: '', birth: '', sex: '', relation, mother: '' };
}

export function asRelation(text: string): Relation {
	return RELATIONS.find((one) => one === text) ?? 'lainnya';
}

export function asSex(text: string): Schemas['Sex'] | undefined {
	return text === 'male' || text === 'female' ? text : undefined;
}

/** What is sent of a row; nothing of what is empty. */
export function personOf(row: Member, payee: boolean): Schemas['NewPerson'] {
	const sex = asSex(row.sex);
	return {
		name: row.name.trim(),
		relation: asRelation(row.relation),
		payee,
		...(row.nik.trim() === '' ? {} : { nik: row.nik.trim() }),
		...(row.birth === '' ? {} : { birth_date: row.birth }),
		...(row.mother.trim() === '' ? {} : { mother_name: row.mother.trim() }),
		...(sex === undefined ? {} : { sex }),
	};
}

/** What is sent of a member who was changed; null of one who was not. */
export function correctionOf(row: Member, known: Schemas['PersonView']): Schemas['CorrectPerson'] | null {
	const sex = asSex(row.sex);
	const fields = {
		...(row.name.trim() === known.name ? {} : { name: row.name.trim() }),
		...(row.nik.trim() === '' ? {} : { nik: row.nik.trim() }),
		...(row.birth === '' ? {} : { birth_date: row.birth }),
		...(row.mother.trim() === '' ? {} : { mother_name: row.mother.trim() }),
		...(sex === undefined || sex === known.sex ? {} : { sex }),
		...(row.relation === known.relation ? {} : { relation: asRelation(row.relation) }),
	};
	if (Object.keys(fields).length === 0) return null;
	return { id: known.id, seen_version: known.version ?? 1, ...fields };
}

export function rowOf(known: Schemas['PersonView']): Member {
	return { ...emptyMember(asRelation(known.relation)), name: known.name, sex: known.sex ?? '', relation: known.relation };
}

export interface Warning {
	readonly field: string;
	readonly code: string;
	readonly remedy: string;
}

/** How a tick names its warning. */
export function tickOf({ field, code }: Warning): string {
	return `${field}:${code}`;
}

/** What is other in a family since it was opened, in the words of the screen. */
export function differences(before: Schemas['FamilyView'], now: Schemas['FamilyView']): string[] {
	const told: string[] = [];
	const say = (label: string, from: string, to: string) => {
		if (from !== to) told.push(`${label}: ${from === '' ? '–' : from} → ${to === '' ? '–' : to}`);
	};
	say(t.address, before.address, now.address);
	say(t.rt, before.rt, now.rt);
	say(t.rw, before.rw, now.rw);
	say(t.domicile, before.domicile?.address ?? '', now.domicile?.address ?? '');
	const names = (view: Schemas['FamilyView']) => new Map(view.persons.map((one) => [one.id, one]));
	const [was, is] = [names(before), names(now)];
	for (const one of now.persons) {
		const known = was.get(one.id);
		if (known === undefined) say(t.members, '', one.name);
		else if (known.version !== one.version) say(known.name, known.name, one.name === known.name ? `${one.name} (*)` : one.name);
	}
	for (const one of before.persons) if (!is.has(one.id)) say(t.members, one.name, '');
	const payee = (view: Schemas['FamilyView']) => view.persons.find(({ id }) => id === view.payee)?.name ?? '';
	say(t.payee, payee(before), payee(now));
	return told;
}

export interface Place {
	address: string;
	rt: string;
	rw: string;
	region: string;
}

/** What a correction's form holds. */
export interface Typed {
	address: string;
	rt: string;
	rw: string;
	livesElsewhere: boolean;
	domicile: Place;
	payee: string;
	rows: readonly Member[];
}

const nowhere: Place = { address: '', rt: '', rw: '', region: '' };

/** A family as its form shows it before anybody types. */
export function typedOf(view: Schemas['FamilyView']): Typed {
	return {
		address: view.address,
		rt: view.rt,
		rw: view.rw,
		livesElsewhere: Boolean(view.domicile),
		domicile: { ...nowhere, ...view.domicile },
		payee: view.payee ?? '',
		rows: view.persons.map(rowOf),
	};
}

function samePlace(one: Place, other: Place): boolean {
	return one.address === other.address && one.rt === other.rt && one.rw === other.rw && one.region === other.region;
}

/** Puts what was typed upon a family as somebody else left it: what one did not touch is as they made it. */
export function rebased(typed: Typed, before: Schemas['FamilyView'], now: Schemas['FamilyView']): Typed {
	const [was, is] = [typedOf(before), typedOf(now)];
	const touchesHome = typed.livesElsewhere !== was.livesElsewhere || (typed.livesElsewhere && !samePlace(typed.domicile, was.domicile));
	const payee = typed.payee === was.payee ? is.payee : typed.payee;
	return {
		address: typed.address === was.address ? is.address : typed.address,
		rt: typed.rt === was.rt ? is.rt : typed.rt,
		rw: typed.rw === was.rw ? is.rw : typed.rw,
		livesElsewhere: touchesHome ? typed.livesElsewhere : is.livesElsewhere,
		domicile: touchesHome ? typed.domicile : is.domicile,
		// Somebody who has left receives nothing here.
		payee: now.persons.some(({ id }) => id === payee) ? payee : '',
		rows: now.persons.map((person) => {
			const n = before.persons.findIndex(({ id }) => id === person.id);
			const [row, known, fresh] = [typed.rows[n], before.persons[n], rowOf(person)];
			if (row === undefined || known === undefined) return fresh;
			return {
				...row,
				name: row.name === known.name ? fresh.name : row.name,
				sex: row.sex === (known.sex ?? '') ? fresh.sex : row.sex,
				relation: row.relation === known.relation ? fresh.relation : row.relation,
			};
		}),
	};
}

/** What was done to a family since one looked at it, newest first. */
export function newer(steps: readonly Schemas['FamilyStep'][], seen: Schemas['FamilyView']): Schemas['FamilyStep'][] {
	const versions = new Map(seen.persons.map(({ id, version }) => [id, version ?? 0]));
	return steps.filter((step) => step.version > (step.person ? (versions.get(step.person) ?? 0) : (seen.version ?? 0)));
}
