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
