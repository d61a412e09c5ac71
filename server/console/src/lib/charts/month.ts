/** Months as `2026-11`. Pure. */

const FORM = /^(\d{4})-(0[1-9]|1[0-2])$/;

export function isMonth(text: string | null): text is string {
	return text !== null && FORM.test(text);
}

/** So many months later, or earlier. */
export function plusMonths(month: string, count: number): string {
	const [, year, mon] = FORM.exec(month) ?? [];
	if (year === undefined || mon === undefined) return month;
	const all = Number(year) * 12 + Number(mon) - 1 + count;
	return `${String(Math.floor(all / 12)).padStart(4, '0')}-${String((all % 12) + 1).padStart(2, '0')}`;
}

/** How many days it has. */
export function daysIn(month: string): number {
	const [, year, mon] = FORM.exec(month) ?? [];
	return year === undefined || mon === undefined ? 0 : new Date(Date.UTC(Number(year), Number(mon), 0)).getUTCDate();
}

/** So many months at most stand in a list. */
const MOST = 120;

/** Every month from `first` to `last`, the newest first; also the one asked for, when it is one. */
export function monthsBetween(first: string, last: string, asked: string): string[] {
	const months: string[] = [];
	for (let month = last; month >= first && months.length < MOST; month = plusMonths(month, -1)) months.push(month);
	return isMonth(asked) && !months.includes(asked) ? [...months, asked].toSorted().toReversed() : months;
}

/** The last two years, the newest month first; also the one asked for. */
export function monthsToChoose(present: string, asked: string): string[] {
	const months = Array.from({ length: 24 }, (_, back) => plusMonths(present, -back));
	return months.includes(asked) ? months : [...months, asked].toSorted().toReversed();
}
