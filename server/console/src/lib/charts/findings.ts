/** What a month's numbers say in one sentence each: the charts' titles. Pure. */
import type { Schemas } from '../api.ts';
import { number, percent } from '../format.ts';
import { reason } from '../reasons.ts';
import { overview as t } from '../texts/overview.ts';

type Overview = Schemas['Overview'];
type Counts = Schemas['OverviewCounts'];

const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;

export function daysFinding({ target, visited, decided }: Counts): string {
	if (visited === 0 || target === 0) return t.days.none;
	if (visited === target && decided === 0) return t.days.done(number(visited));
	return t.days.finding(number(visited), percent(visited / target), number(decided));
}

/** The villages, those with most late cases first, then by name. */
export function byOverdue<V extends { readonly counts: Counts; readonly region: string }>(villages: readonly V[], name: (code: string) => string): V[] {
	return villages.toSorted((a, b) => b.counts.overdue - a.counts.overdue || name(a.region).localeCompare(name(b.region), 'id', { numeric: true }));
}

export function villagesFinding(villages: readonly Overview['villages'][number][], name: (code: string) => string): string {
	const [first] = byOverdue(villages, name);
	return first !== undefined && first.counts.overdue > 0
		? t.villages.most(name(first.region), number(first.counts.overdue), number(first.counts.target))
		: t.villages.none(number(villages.length));
}

export function queueFinding(queue: readonly Overview['queue'][number][]): string {
	const from = (days: number) => queue.filter((age) => age.from_days >= days).reduce((sum, age) => sum + age.cases, 0);
	const all = from(0);
	if (all === 0) return t.queue.none;
	if (from(8) > 0) return t.queue.stale(number(from(8)), number(all));
	if (from(4) > 0) return t.queue.old(number(from(4)), number(all));
	return t.queue.fresh(number(all));
}

/** `0–1 hari`, `Lebih dari 7 hari`. */
export function ageWords({ from_days: from, to_days: to }: Overview['queue'][number]): string {
	return to == null ? t.queue.over(number(from - 1)) : t.queue.days(number(from), number(to));
}

export function officersFinding(officers: readonly Overview['officers'][number][]): string {
	const some = officers.filter((one) => one.officer != null);
	if (some.length === 0) return t.officers.none;
	const behind = some.filter(({ counts }) => counts.visited * 2 < counts.target);
	return behind.length > 0 ? t.officers.behind(number(behind.length), number(some.length)) : t.officers.well(number(some.length));
}

export function officerName(one: Overview['officers'][number]): string {
	return one.officer == null ? t.officers.nobody : (one.name ?? t.officers.unknown);
}

export function reasonsFinding(reasons: readonly Overview['reasons'][number][]): string {
	const [first] = reasons;
	return first === undefined ? t.reasons.none : t.reasons.most(reason(first.code), number(first.returns));
}

/** Minutes in the unit in which somebody would say them: `40 menit`, `5,5 jam`, `3 hari`. */
export function duration(minutes: number | null | undefined): string {
	if (minutes == null) return t.officers.noMedian;
	if (minutes < HOUR_MIN) return t.officers.minutes(number(minutes));
	const tenths = (value: number) => number(Math.round(value * 10) / 10);
	return minutes < 2 * DAY_MIN ? t.officers.hours(tenths(minutes / HOUR_MIN)) : t.officers.daysLong(tenths(minutes / DAY_MIN));
}

/** How a number stands to the day before. */
export function change(now: number, yesterday: number): string {
	if (now === yesterday) return t.same;
	return now > yesterday ? t.more(number(now - yesterday)) : t.less(number(yesterday - now));
}

/** The bar of a village: accepted, waiting for review, the rest, late. Together its cases. */
export function parts({ counts, waiting }: Overview['villages'][number]): [number, number, number, number] {
	const rest = counts.target - counts.accepted - waiting - counts.overdue;
	return [counts.accepted, waiting, Math.max(0, rest), counts.overdue];
}
