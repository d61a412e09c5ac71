import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exportChip, formatsOf, KINDS, needsSecond } from './exports.ts';

test('points go as GeoJSON and tables as workbook or text', () => {
	for (const kind of KINDS) {
		assert.deepEqual(formatsOf(kind), kind === 'pins' ? ['geojson'] : ['xlsx', 'csv'], kind);
	}
});

test('numbers of a city need two, of a district one, masked ones none', () => {
	assert.equal(needsSecond(true, '35.71'), true);
	assert.equal(needsSecond(true, '35'), true);
	assert.equal(needsSecond(true, '35.71.03'), false);
	assert.equal(needsSecond(false, '35.71'), false);
	assert.equal(needsSecond(true, ''), false);
});

test('a state that is not known is shown as it came', () => {
	assert.equal(exportChip('ready').tone, 'ok');
	assert.equal(exportChip('baru').word, 'baru');
});
