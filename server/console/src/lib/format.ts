/** Indonesian dates, numbers and lengths, in the region's own time whatever the computer's is. */
import { common } from './texts/common.ts';

/** Kediri's zone. */
const REGION_ZONE = 'Asia/Jakarta';
const REGION_OFFSET = '+07:00';
const LOCALE = 'id-ID';

type When = string | number | Date;

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	return new Intl.DateTimeFormat(LOCALE, { timeZone: REGION_ZONE, ...options });
}

const dayFormat = formatter({ day: 'numeric', month: 'short', year: 'numeric' });
const longDayFormat = formatter({ day: 'numeric', month: 'long', year: 'numeric' });
const monthFormat = formatter({ month: 'long', year: 'numeric' });
const timeFormat = formatter({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const isoFormat = new Intl.DateTimeFormat('en-CA', {
	timeZone: REGION_ZONE,
	year: 'numeric',
	month: '2-digit',
	day: '2-digit',
});
const zone = formatter({ timeZoneName: 'short' })
	.formatToParts(0)
	.find((part) => part.type === 'timeZoneName')?.value;

const numberFormat = new Intl.NumberFormat(LOCALE);
const percentFormat = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const kilometreFormat = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const agoFormat = new Intl.RelativeTimeFormat(LOCALE);

/** `24 Nov 2026`. */
export function date(when: When): string {
	return dayFormat.format(new Date(when));
}

/** `24 November 2026`. */
export function longDate(when: When): string {
	return longDayFormat.format(new Date(when));
}

/** `November 2026`. */
export function month(when: When): string {
	return monthFormat.format(new Date(when));
}

/** `14.05 WIB`. */
export function time(when: When): string {
	return `${timeFormat.format(new Date(when))} ${zone ?? ''}`.trim();
}

/** `24 Nov 2026, 14.05 WIB`. */
export function dateTime(when: When): string {
	return `${date(when)}, ${time(when)}`;
}

/** `5 menit yang lalu`, also `dalam 5 menit`. `now` is `serverNow()` in a screen. */
export function ago(when: When, now: number): string {
	const seconds = (new Date(when).getTime() - now) / 1_000;
	const steps: [Intl.RelativeTimeFormatUnit, number][] = [
		['year', 31_557_600],
		['month', 2_629_800],
		['day', 86_400],
		['hour', 3_600],
		['minute', 60],
	];
	for (const [unit, length] of steps) {
		if (Math.abs(seconds) >= length) return agoFormat.format(Math.trunc(seconds / length), unit);
	}
	return common.justNow;
}

/** `1.234.567`. */
export function number(value: number): string {
	return numberFormat.format(value);
}

/** `45,7%` of 0.457. */
export function percent(ratio: number): string {
	return percentFormat.format(ratio);
}

/** `12 m`, `1,2 km`. */
export function metres(value: number): string {
	return Math.round(value) < 1_000 ? `${numberFormat.format(Math.round(value))} m` : `${kilometreFormat.format(value / 1_000)} km`;
}

/** `41 detik`, `3 menit`: whether it was short. */
export function howLong(ms: number): string {
	const seconds = Math.round(ms / 1_000);
	return seconds < 120 ? common.longSeconds(number(seconds)) : common.longMinutes(number(Math.round(seconds / 60)));
}

/** `2.40` of 160 seconds; never below `0.00`. */
export function countdown(seconds: number): string {
	const left = Math.max(0, Math.ceil(seconds));
	return `${Math.floor(left / 60)}.${String(left % 60).padStart(2, '0')}`;
}

/** `3571 •••• •••• 0042` of `3571********0042`. */
export function maskedNumber(value: string): string {
	return (value.replaceAll('*', '•').match(/.{1,4}/g) ?? []).join(' ');
}

/** The region's calendar day, `2026-11-24`. */
export function isoDay(when: When): string {
	return isoFormat.format(new Date(when));
}

/** How many of the region's days lie between: 0 is today, 1 tomorrow, -1 yesterday. */
export function daysUntil(when: When, now: When): number {
	const day = (at: When) => Date.parse(`${isoDay(at)}T00:00:00Z`);
	return Math.round((day(when) - day(now)) / 86_400_000);
}

/** The first moment of a region's day, as the server takes it. */
export function dayStart(day: string): string {
	return `${day}T00:00:00${REGION_OFFSET}`;
}

/** The last second of a region's day. */
export function dayEnd(day: string): string {
	return `${day}T23:59:59${REGION_OFFSET}`;
}

/** The last second in which something counts that ends at `end`: what ends at midnight is of the day before. */
export function lastSecond(end: string): string {
	return new Date(new Date(end).getTime() - 1000).toISOString();
}

/** `2026-11-24` of `24/11/2026` (or `24-11-2026`, `24.11.2026`); null when that is no day. */
export function parseDay(text: string): string | null {
	const [, day, mon, year] = /^\s*(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})\s*$/.exec(text) ?? [];
	if (day === undefined || mon === undefined || year === undefined) return null;
	const iso = `${year}-${mon.padStart(2, '0')}-${day.padStart(2, '0')}`;
	const made = new Date(`${iso}T00:00:00Z`);
	// 31/02 would roll over into March.
	return !Number.isNaN(made.getTime()) && made.toISOString().startsWith(iso) ? iso : null;
}

/** `24/11/2026` of `2026-11-24`. */
export function typedDay(iso: string): string {
	const [year, mon, day] = iso.split('-');
	return year !== undefined && mon !== undefined && day !== undefined ? `${day}/${mon}/${year}` : '';
}

const collator = new Intl.Collator('id', { numeric: true });

/** The order of names. */
export function byName(a: string, b: string): number {
	return collator.compare(a, b);
}
