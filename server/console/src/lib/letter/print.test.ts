import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codeOf } from './code.ts';
import { fileName } from './print-name.ts';

test('a letter is a file called by its number', () => {
	assert.equal(fileName('400.9/007/419.503/2026'), 'surat-400-9-007-419-503-2026.pdf');
	assert.equal(fileName('../..'), 'surat-tanpa-nomor.pdf');
});

test('only what stands behind the hash and looks like a code is one', () => {
	const code = 'AQ'.padEnd(116, 'x_-');
	assert.equal(codeOf(`#${code}`), code);
	for (const odd of ['', '#', '#isi', `#${code}x`, `#${code.slice(1)}`, `#${code.slice(1)} `]) assert.equal(codeOf(odd), null, odd);
});
