/** The problems of an import, line by line and by kind. Pure. */
import type { Schemas } from '../api.ts';

type LineProblem = Schemas['LineProblem'];

/** One problem of one field of one line. */
export interface Flat {
	readonly line: number;
	readonly field: string;
	readonly code: string;
	readonly remedy: string;
}

/** One kind of problem: the same field, the same remedy. */
export interface Group {
	readonly key: string;
	readonly field: string;
	readonly remedy: string;
	readonly lines: readonly number[];
}

export function flat(problems: readonly LineProblem[]): Flat[] {
	return problems.flatMap(({ line, problems: some }) => some.map((one) => ({ line, ...one })));
}

/** The most frequent first, then in the order of the file. */
export function byKind(problems: readonly Flat[]): Group[] {
	const groups = new Map<string, { field: string; remedy: string; lines: number[] }>();
	for (const { line, field, code, remedy } of problems) {
		const key = `${field}\n${code}\n${remedy}`;
		const group = groups.get(key) ?? { field, remedy, lines: [] };
		group.lines.push(line);
		groups.set(key, group);
	}
	return [...groups].map(([key, group]) => ({ key, ...group })).toSorted((a, b) => b.lines.length - a.lines.length);
}
