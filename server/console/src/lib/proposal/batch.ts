/** Many proposals for one program at once: whom the lines are about, and which answer is whose. */
import type { Schemas } from '#lib/api.ts';

/** Most lines that one batch takes. */
export const MOST_LINES = 200;

/** A family that was picked, and who of it, for a program that counts persons. */
export interface Picked {
	family: Pick<Schemas['FamilyRow'], 'id' | 'name' | 'address'>;
	persons: readonly string[];
}

export interface Batch {
	families: readonly string[];
	persons: readonly Schemas['ProposedPerson'][];
	count: number;
}

/** A program counts families or persons; nobody is sent as both. */
export function batchOf(picked: readonly Picked[], ofPersons: boolean): Batch {
	const families = ofPersons ? [] : picked.map(({ family }) => family.id);
	const persons = ofPersons ? picked.flatMap(({ family, persons: of }) => of.map((person) => ({ family: family.id, person }))) : [];
	return { families, persons, count: families.length + persons.length };
}

/** What became of a family, or of a person of it. */
export function lineOf(
	lines: readonly Schemas['ProposedLine'][] | null,
	family: string,
	person?: string,
): Schemas['ProposedLine'] | undefined {
	return lines?.find((line) => line.family === family && (line.person ?? undefined) === person);
}
