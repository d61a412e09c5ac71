import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exportChip, formatsOf, KINDS, needsSecond } from './exports.ts';

test('points go as GeoJSON and tables as workbook or text', () => {
	for (const kind of KINDS) {
		assert.deepEqual(formatsOf(kind), kind === 'pins' ? ['geojson'] : ['xlsx', 'csv'], kind);
	}
});

test('people of a city need two, and numbers of a district', () => {
	for (const personal of [true, false]) {
		assert.equal(needsSecond('families', personal, '35'), true);
		assert.equal(needsSecond('families', personal, '35.71'), true);
		assert.equal(needsSecond('families', personal, '35.71.03.1009'), false);
		assert.equal(needsSecond('quotas', personal, '35.71'), false);
		assert.equal(needsSecond('families', personal, ''), false);
	}
	assert.equal(needsSecond('families', true, '35.71.03'), true);
	assert.equal(needsSecond('families', false, '35.71.03'), false);
});

test('a state that is not known is shown as it came', () => {
	assert.equal(exportChip('ready').tone, 'ok');
	assert.equal(exportChip('baru').word, 'baru');
});
