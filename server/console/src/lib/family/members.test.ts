import assert from 'node:assert/strict';
import { test } from 'node:test';

import { correctionOf, differences, emptyMember, personOf, rowOf, tickOf } from './members.ts';

const person = {
	id: 'p1',
	name: 'SURYONO',
	nik_masked: '3571************',
	birth_year: 1980,
	relation: 'kepala_keluarga',
	version: 3,
	sex: 'male' as const,
};
const family = {
	id: 'f1',
	name: 'SURYONO',
	address: 'JL MAWAR 1',
	rt: '001',
	rw: '002',
	region: '35.71.03.1009',
	kk_masked: '3571************',
	persons: [person],
	version: 4,
};

test('of a row only what was filled in is sent', () => {
	const row = { ...emptyMember('anak'), name: ' BUDI ' };
	assert.deepEqual(personOf(row, false), { name: 'BUDI', relation: 'anak', payee: false });
	const full = { ...row, nik: '3571', birth: '2001-12-31', sex: 'male', mother: 'SITI' };
	assert.deepEqual(personOf(full, true), {
		name: 'BUDI',
		relation: 'anak',
		payee: true,
		nik: '3571',
		birth_date: '2001-12-31',
		mother_name: 'SITI',
		sex: 'male',
	});
});

test('a member as shown is no correction, and a changed one says only what changed and which version was seen', () => {
	const row = rowOf(person);
	assert.equal(correctionOf(row, person), null);
	assert.deepEqual(correctionOf({ ...row, name: 'SURYANA' }, person), { id: 'p1', seen_version: 3, name: 'SURYANA' });
	assert.deepEqual(correctionOf({ ...row, nik: '1', relation: 'anak' }, person), {
		id: 'p1',
		seen_version: 3,
		nik: '1',
		relation: 'anak',
	});
});

test('a tick names its warning by field and code', () => {
	assert.equal(tickOf({ field: 'persons.0.nik', code: 'serial', remedy: '' }), 'persons.0.nik:serial');
});

test('what somebody else changed meanwhile is told, and what is the same is not', () => {
	assert.deepEqual(differences(family, family), []);
	const told = differences(family, {
		...family,
		address: 'JL KENANGA 5',
		persons: [
			{ ...person, version: 4, name: 'SURYANA' },
			{ ...person, id: 'p2', name: 'BUDI' },
		],
	});
	assert.equal(told.length, 3);
	assert.match(told[0] ?? '', /JL MAWAR 1 → JL KENANGA 5/);
	assert.match(told.join('\n'), /SURYONO → SURYANA/);
	assert.match(told.join('\n'), /– → BUDI/);
});
