import assert from 'node:assert/strict';
import { test } from 'node:test';

import { asks, contentOf, type Written } from './asks.ts';

const all: Written = {
	kind: 'program',
	family: 'f',
	person: 'p',
	program: 'PKH',
	reason: 'MENINGGAL',
	to_region: '35.71.01.1002',
	document_number: ' SK/1 ',
	note: '  ',
};

test('only what the kind has is sent, trimmed, and nothing that is empty', () => {
	assert.deepEqual(contentOf(all), { kind: 'program', family: 'f', program: 'PKH', person: 'p', document_number: 'SK/1' });
	assert.deepEqual(contentOf({ ...all, kind: 'relocation', document_number: '', note: ' sejak Mei ' }), {
		kind: 'relocation',
		family: 'f',
		to_region: '35.71.01.1002',
		note: 'sejak Mei',
	});
	assert.deepEqual(contentOf({ ...all, kind: 'new', family: '', document_number: '' }), { kind: 'new' });
});

test('a removal says why and a new payee who', () => {
	assert.equal(asks('removal', 'reason'), true);
	assert.equal(asks('program', 'reason'), false);
	assert.equal(asks('payee_change', 'person'), true);
	assert.equal(asks('correction', 'document_number'), true);
});
