import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withQuery } from './address.ts';

test('a filter changes and the others stay', () => {
	const url = new URL('https://x.test/jejak?bagian=pembacaan&sesudah=9');
	assert.equal(withQuery(url, { sesudah: null, pengguna: 'a b' }), '/jejak?bagian=pembacaan&pengguna=a+b');
	assert.equal(withQuery(url, { bagian: '', sesudah: undefined }), '/jejak');
});
