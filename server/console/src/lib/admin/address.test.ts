import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withQuery } from './address.ts';
import { fileSize } from './size.ts';

test('a filter changes and the others stay', () => {
	const url = new URL('https://x.test/jejak?bagian=pembacaan&sesudah=9');
	assert.equal(withQuery(url, { sesudah: null, pengguna: 'a b' }), '/jejak?bagian=pembacaan&pengguna=a+b');
	assert.equal(withQuery(url, { bagian: '', sesudah: undefined }), '/jejak');
});

test('sizes are told in Indonesian numbers', () => {
	assert.deepEqual([820, 4_301, 67_108_864].map(fileSize), ['820 B', '4,2 KB', '64 MB']);
});
