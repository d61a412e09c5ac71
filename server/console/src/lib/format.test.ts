import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as f from './format.ts';

const AT = '2026-11-24T07:05:00Z';

test('times are those of the region, with dots and the zone', () => {
	assert.equal(f.dateTime(AT), '24 Nov 2026, 14.05 WIB');
	assert.equal(f.time('2026-11-24T17:30:00Z'), '00.30 WIB');
	assert.equal(f.date('2026-11-24T17:30:00Z'), '25 Nov 2026');
	assert.equal(f.longDate(AT), '24 November 2026');
	assert.equal(f.month(AT), 'November 2026');
});

test('how long ago is told in the largest whole unit', () => {
	const now = Date.parse(AT);
	assert.equal(f.ago(now - 5 * 60_000, now), '5 menit yang lalu');
	assert.equal(f.ago(now - 59_000, now), 'baru saja');
	assert.equal(f.ago(now - 47 * 3_600_000, now), '1 hari yang lalu');
	assert.equal(f.ago(now + 2 * 3_600_000, now), 'dalam 2 jam');
});

test('numbers, money and lengths', () => {
	assert.equal(f.number(1_234_567), '1.234.567');
	assert.equal(f.percent(0.457), '45,7%');
	assert.equal(f.metres(12), '12 m');
	assert.equal(f.metres(999.6), '1 km');
	assert.equal(f.metres(1_234), '1,2 km');
	assert.equal(f.countdown(160), '2.40');
	assert.equal(f.countdown(-3), '0.00');
	assert.equal(f.maskedNumber('3571********0042'), '3571 •••• •••• 0042');
	assert.equal(f.maskedNumber(''), '');
});

test('a typed day is day, month, year and a day that exists', () => {
	assert.equal(f.parseDay('24/11/2026'), '2026-11-24');
	assert.equal(f.parseDay(' 1-2-2026 '), '2026-02-01');
	assert.equal(f.parseDay('31/02/2026'), null);
	assert.equal(f.parseDay('2026-11-24'), null);
	assert.equal(f.parseDay(''), null);
	assert.equal(f.typedDay('2026-11-24'), '24/11/2026');
	assert.equal(f.isoDay('2026-11-24T17:30:00Z'), '2026-11-25');
	assert.equal(f.date(f.dayStart('2026-11-25')), '25 Nov 2026');
	assert.equal(f.date(f.dayEnd('2026-11-25')), '25 Nov 2026');
	assert.equal(f.date(f.lastSecond('2026-11-25T17:00:00Z')), '25 Nov 2026');
});

test('days are the region’s, whatever the hour and the computer’s zone', () => {
	// 23.30 and 00.30 WIB lie a day apart.
	assert.equal(f.daysUntil('2026-11-24T17:30:00Z', '2026-11-24T16:30:00Z'), 1);
	assert.equal(f.daysUntil('2026-11-24T16:59:59Z', '2026-11-23T17:00:00Z'), 0);
	assert.equal(f.daysUntil('2026-11-21T03:00:00Z', '2026-11-24T03:00:00Z'), -3);
	assert.equal(f.daysUntil('2026-12-01T03:00:00Z', '2026-11-24T23:00:00Z'), 6);
});
