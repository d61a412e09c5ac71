import assert from 'node:assert/strict';
import { test } from 'node:test';

import { healthWhy, isOver, segmentWord, statusChip } from './words.ts';

test('a status that BPJS has said has its word and colour, one that it has not is no status', () => {
	assert.deepEqual(statusChip('NONAKTIF'), { word: 'Nonaktif', tone: 'bad', shape: 'cross' });
	assert.equal(statusChip(undefined).word, 'Belum ada data');
	assert.deepEqual(statusChip('BARU'), { word: 'BARU', tone: 'plain', shape: 'dot' });
});

test('a word that is not known here is shown as it came', () => {
	assert.equal(segmentWord('PBI_JK'), 'PBI-JK (APBN)');
	assert.equal(segmentWord('toString'), 'toString');
	assert.equal(healthWhy('lain'), 'lain');
});

test('the last day is not over yet', () => {
	assert.equal(isOver('2026-11-24', '2026-11-24'), false);
	assert.equal(isOver('2026-11-23', '2026-11-24'), true);
});
