import assert from 'node:assert/strict';
import { test } from 'node:test';

import { correctionOf, differences, emptyMember, newer, personOf, rebased, rowOf, tickOf, typedOf } from './members.ts';

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

test('what was typed is put upon what somebody else left, and takes nothing of theirs back', () => {
	const home = { address: 'JL KOS 9', rt: '003', rw: '004', region: '35.06.01.2001' };
	const now = {
		...family,
		rw: '008',
		domicile: home,
		payee: 'p2',
		persons: [
			{ ...person, version: 4, relation: 'lainnya' },
			{ ...person, id: 'p2', name: 'SITI', relation: 'kepala_keluarga' },
		],
	};
	const mine = typedOf(family);
	const rows = mine.rows.map((row) => ({ ...row, name: 'SURYANA', nik: '3571' }));
	const then = rebased({ ...mine, address: 'JL MELATI 3', rows }, family, now);
	assert.equal(then.address, 'JL MELATI 3');
	assert.equal(then.rw, '008');
	assert.deepEqual([then.livesElsewhere, then.domicile], [true, home]);
	assert.equal(then.payee, 'p2');
	assert.deepEqual(
		then.rows.map(({ name, nik, relation }) => [name, nik, relation]),
		[
			['SURYANA', '3571', 'lainnya'],
			['SITI', '', 'kepala_keluarga'],
		],
	);
	// Where they live was typed too: that stays, whatever the other said.
	const other = { ...home, address: 'JL LAIN 1' };
	const kept = rebased({ ...mine, livesElsewhere: true, domicile: other }, family, now);
	assert.deepEqual(kept.domicile, other);
	// A payee who left is nobody here.
	assert.equal(rebased({ ...mine, payee: 'p1' }, family, { ...now, persons: [] }).payee, '');
});

test('of what was done only what is newer than what was seen is told', () => {
	const step = (version: number, of?: string) => ({ at: '2026-11-24T03:00:00Z', since: '2026-11-24T03:00:00Z', version, fields: [], ...(of ? { person: of } : {}) });
	const told = newer([step(5), step(4), step(4, 'p1'), step(3, 'p1'), step(1, 'p2')], family);
	assert.deepEqual(
		told.map(({ version, person: of }) => [version, of]),
		[
			[5, undefined],
			[4, 'p1'],
			[1, 'p2'],
		],
	);
});
