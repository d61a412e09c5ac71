import assert from 'node:assert/strict';
import { test } from 'node:test';

import { monthsBetween, plusMonths } from './month.ts';

test('months go over the end of a year, both ways', () => {
	assert.equal(plusMonths('2026-12', 1), '2027-01');
	assert.equal(plusMonths('2026-01', -1), '2025-12');
});

test('a list of months begins with the newest, and has the one asked for in its place', () => {
	assert.deepEqual(monthsBetween('2026-11', '2027-01', ''), ['2027-01', '2026-12', '2026-11']);
	assert.deepEqual(monthsBetween('2026-11', '2026-12', '2026-09'), ['2026-12', '2026-11', '2026-09']);
	assert.deepEqual(monthsBetween('2026-11', '2026-11', 'kemarin'), ['2026-11']);
	assert.equal(monthsBetween('1990-01', '2026-11', '').length, 120);
});
