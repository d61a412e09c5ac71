import assert from 'node:assert/strict';
import { test } from 'node:test';

import { batchChip, eventChip, kindWord, moveChip, whyWord } from './words.ts';

test('words that are known are told in words, others as they came', () => {
	assert.equal(kindWord('MENINGGAL'), 'Meninggal');
	assert.equal(kindWord('NAIK_HAJI'), 'NAIK_HAJI');
	assert.equal(whyWord('constructor'), 'constructor');
	assert.equal(eventChip('baru').word, 'baru');
});

test('one word stands for different things on an event, a move and a batch', () => {
	assert.equal(eventChip('received').word, 'Diterima');
	assert.equal(eventChip('received').tone, 'info');
	assert.equal(moveChip('received').tone, 'ok');
	assert.equal(batchChip('parked').tone, 'warn');
});
