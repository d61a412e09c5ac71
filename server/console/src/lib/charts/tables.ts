/** The month's numbers as tables: what is shown under a chart, and what a file of it holds. Pure. */
import type { Schemas } from '../api.ts';
import { date, dayStart } from '../format.ts';
import { reason } from '../reasons.ts';
import { overview as t } from '../texts/overview.ts';
import { ageWords, daysFinding, duration, officerName, officersFinding, queueFinding, reasonsFinding, villagesFinding } from './findings.ts';

type Overview = Schemas['Overview'];
type Counts = Schemas['OverviewCounts'];

/** What a cell of the table shows; a file takes its text or number only. */
export type Cell = string | number | { readonly value: string | number; readonly href: string; readonly label: string };

export interface Column {
	readonly label: string;
	readonly numeric?: boolean;
}

export interface Table {
	/** What it is about. */
	readonly name: string;
	/** What it says. */
	readonly finding: string;
	readonly columns: readonly Column[];
	readonly rows: readonly (readonly Cell[])[];
}

type Line = (string | number)[];

const counted = (label: string): Column => ({ label, numeric: true });

export function numbersTable({ now, yesterday }: Pick<Overview, 'now' | 'yesterday'>): Table {
	const line = (word: string, key: keyof Counts): Line => [word, now[key], yesterday[key]];
	return {
		name: t.numbers,
		finding: daysFinding(now),
		columns: [{ label: t.number }, counted(t.now), counted(t.yesterday)],
		rows: [
			line(t.target, 'target'),
			line(t.visited, 'visited'),
			line(t.returned, 'returned'),
			line(t.accepted, 'accepted'),
			line(t.decided, 'decided'),
			line(t.overdue, 'overdue'),
		],
	};
}

export function daysTable({ now, days }: Pick<Overview, 'now' | 'days'>): Table {
	return {
		name: t.days.name,
		finding: daysFinding(now),
		columns: [{ label: t.days.day }, ...[t.target, t.visited, t.accepted, t.decided].map(counted)],
		rows: days.map((day) => [date(dayStart(day.day)), day.target, day.visited, day.accepted, day.decided]),
	};
}

export function queueTable(queue: Overview['queue']): Table {
	return {
		name: t.queue.name,
		finding: queueFinding(queue),
		columns: [{ label: t.queue.age }, counted(t.queue.cases)],
		rows: queue.map((age) => [ageWords(age), age.cases]),
	};
}

export function reasonsTable(reasons: Overview['reasons']): Table {
	return {
		name: t.reasons.name,
		finding: reasonsFinding(reasons),
		columns: [{ label: t.reasons.reason }, counted(t.reasons.returns)],
		rows: reasons.map((one) => [reason(one.code), one.returns]),
	};
}

/** `cell` is how a village is shown: by its full name, or as a link. */
export function villagesTable(villages: Overview['villages'], name: (code: string) => string, cell: (code: string) => Cell): Table {
	return {
		name: t.villages.name,
		finding: villagesFinding(villages, name),
		columns: [{ label: t.villages.village }, ...[t.target, t.visited, t.returned, t.accepted, t.decided, t.overdue, t.waiting].map(counted)],
		rows: villages.map(({ region, counts, waiting }) => [
			cell(region),
			counts.target,
			counts.visited,
			counts.returned,
			counts.accepted,
			counts.decided,
			counts.overdue,
			waiting,
		]),
	};
}

export function officersTable(officers: Overview['officers']): Table {
	return {
		name: t.officers.name,
		finding: officersFinding(officers),
		columns: [
			{ label: t.officers.officer },
			...[t.officers.assigned, t.visited, t.returned, t.accepted, t.decided, t.overdue, t.waiting, t.officers.median].map(counted),
		],
		rows: officers.map((one) => {
			const { target, visited, returned, accepted, decided, overdue } = one.counts;
			return [officerName(one), target, visited, returned, accepted, decided, overdue, one.waiting, duration(one.median_min)];
		}),
	};
}

/** A table as a file has it: its headings, then its rows. */
export function linesOf({ columns, rows }: Table): Line[] {
	return [columns.map(({ label }) => label), ...rows.map((row) => row.map((cell) => (typeof cell === 'object' ? cell.value : cell)))];
}

/** Tables in one file: first what they are of, then each under its name and what it says. One without rows only says so. */
export function linesOfAll(head: readonly (readonly [string, string])[], tables: readonly Table[]): Line[] {
	return [
		...head.map((line): Line => [...line]),
		...tables.flatMap((table): Line[] => [[], [table.name, table.finding], ...(table.rows.length > 0 ? linesOf(table) : [])]),
	];
}
