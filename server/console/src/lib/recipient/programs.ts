/** Programs by their codes, and memberships by words. A city may import other programs: those are shown by code. */

const NAMES: Readonly<Record<string, string>> = {
	PKH: 'PKH',
	SEMBAKO: 'Sembako',
	'PBI-JK': 'PBI-JK',
	'BLT-DD': 'BLT-DD',
	CBP: 'Beras CBP',
};

/** Enough of an id to tell the memberships of one family apart. */
const TAIL = 4;

export function programName(code: string): string {
	return (Object.hasOwn(NAMES, code) ? NAMES[code] : undefined) ?? code;
}

/** For a filter: those of the registry; codes that come from elsewhere (the address, what was found) are choosable too. */
export function programOptions(
	known: readonly { code: string; name: string }[],
	others: readonly string[],
): { value: string; label: string }[] {
	const names = new Map(known.map(({ code, name }) => [code, name]));
	const codes = new Set([...names.keys(), ...others.filter((code) => code !== '')]);
	return [...codes].map((value) => {
		const [short, full] = [programName(value), names.get(value)];
		return { value, label: full === undefined || full === short ? short : `${short}: ${full}` };
	});
}

/**
 * Names of memberships by id. A program for persons can be there several times: those get the person's name, or a piece of
 * their id where it is not known.
 */
export function membershipNames(list: readonly { id: string; program: string; person?: string | null }[]): Map<string, string> {
	const often = Map.groupBy(list, ({ program }) => program);
	return new Map(
		list.map(({ id, program, person }) => {
			const alone = (often.get(program)?.length ?? 0) < 2;
			return [id, alone ? programName(program) : `${programName(program)} ${person ?? `…${id.slice(-TAIL)}`}`];
		}),
	);
}

/** `PKH, PBI-JK …3f2a`, in the list's order. */
export function namesOf(list: readonly { id: string; program: string; person?: string | null }[], chosen: readonly string[]): string {
	const names = membershipNames(list);
	return list
		.filter(({ id }) => chosen.includes(id))
		.map(({ id }) => names.get(id) ?? '')
		.join(', ');
}

/** `BLT-DD, PKH, PBI-JK ×3 (Ani, Budi, Citra)`: each program once, with the persons whose it is. */
export function programsOf(list: readonly { program: string; person?: string | null }[]): string {
	const words = [...Map.groupBy(list, ({ program }) => program)].map(([program, same]) => {
		const persons = same.flatMap(({ person }) => (person ? [person] : []));
		const name = same.length > 1 ? `${programName(program)} ×${same.length}` : programName(program);
		return persons.length === 0 ? name : `${name} (${persons.join(', ')})`;
	});
	return words.join(', ');
}

export interface Group<State> {
	readonly program: string;
	readonly state: State;
	readonly n: number;
}

/** Memberships of the same program in the same state, counted, in the list's order. */
export function grouped<State extends string>(list: readonly { program: string; state: State }[]): Group<State>[] {
	return [...Map.groupBy(list, ({ program, state }) => `${program} ${state}`).values()].flatMap((same) => {
		const [first] = same;
		return first === undefined ? [] : [{ program: first.program, state: first.state, n: same.length }];
	});
}
