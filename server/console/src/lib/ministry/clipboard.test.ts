import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressLine, nikOf } from './clipboard.ts';

test('an address is one line with its RT and RW', () => {
	assert.equal(addressLine({ address: 'JL. MELATI NO. 1', rt: '003', rw: '001' }), 'JL. MELATI NO. 1 RT 003 RW 001');
});

test('the number is that of the person whom the act is about, never of another', () => {
	const persons = [
		{ id: 'a', nik: '1', birth_date: null },
		{ id: 'b', nik: '2', birth_date: null },
		{ id: 'c', nik: null, birth_date: null },
	];
	assert.equal(nikOf({ person: 'b' }, { persons }), '2');
	assert.equal(nikOf({ person: 'c' }, { persons }), null);
	assert.equal(nikOf({}, { persons }), null);
});
