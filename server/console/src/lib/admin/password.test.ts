import assert from 'node:assert/strict';
import { test } from 'node:test';

import { firstPassword } from './password.ts';
import { WORDS } from './words.ts';

test('there are 256 different words, short and of plain letters', () => {
	assert.equal(WORDS.length, 256);
	assert.equal(new Set(WORDS).size, 256);
	for (const word of WORDS) assert.match(word, /^[a-z]{3,7}$/);
});

test('a first password has four words and four digits and is long enough for the server', () => {
	for (let n = 0; n < 1_000; n += 1) {
		const made = firstPassword();
		assert.match(made, /^([a-z]{3,7}-){4}[2-9]{4}$/);
		assert.ok(made.length >= 12);
	}
	assert.notEqual(firstPassword(), firstPassword());
});

test('every byte has its word and its digit', () => {
	assert.equal(firstPassword((bytes) => bytes.fill(0)), `${WORDS[0]}-${WORDS[0]}-${WORDS[0]}-${WORDS[0]}-2222`);
	assert.equal(firstPassword((bytes) => bytes.fill(255)), `${WORDS[255]}-${WORDS[255]}-${WORDS[255]}-${WORDS[255]}-9999`);
});
