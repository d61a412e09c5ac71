import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { lines } from './said.ts';

const known: Schemas['CivilKnown'] = {
	name: 'SITI AMINAH',
	birth_date: '1980-01-30',
	relation: 'pasangan',
	kk: '3571030101200001',
	region: '35.71.03.1009',
	address: 'JL MELATI NO 1',
	rt: '001',
	rw: '002',
};
const event: Schemas['CivilEvent'] = { event_id: 'a-1', type: 'UBAH_BIODATA', nik: '3571037001800001', date_effective: '2026-11-20', source_seq: 1 };
const village = (code: string) => (code === '35.71.03.1009' ? 'Betet' : code);

test('what differs stands beside what is recorded, what does not is told to be the same', () => {
	const payload: Schemas['CivilPayload'] = { name: 'siti  aminah', birth_date: '1980-01-31', sex: 'female', mother_name: 'SUMIATI', members: [] };
	const told = lines({ ...event, payload }, known, village);
	assert.deepEqual(
		told.map(({ label, before, said, same }) => [label, before, said, same]),
		[
			['NIK', undefined, '3571037001800001', false],
			['Berlaku sejak', undefined, '20 Nov 2026', false],
			['Nama', undefined, 'siti  aminah', true],
			['Tanggal lahir', '30 Jan 1980', '31 Jan 1980', false],
			['Jenis kelamin', undefined, 'Perempuan', false],
			['Nama ibu kandung', undefined, 'SUMIATI', false],
		],
	);
});

test('a move tells where from and where to, and an RT is one however it is written', () => {
	const payload = { region: '35.71.01.1014', address: 'JL BARU NO 9', rt: '1', rw: '4', whole_family: false, members: ['3571', '3572'] };
	const told = lines({ ...event, type: 'PINDAH_DALAM_KOTA', payload }, known, village);
	const of = (label: string) => told.find((line) => line.label === label);
	assert.equal(of('Kelurahan')?.before, 'Betet');
	assert.equal(of('Kelurahan')?.said, '35.71.01.1014');
	assert.equal(of('RT')?.same, true);
	assert.equal(of('RW')?.before, '002');
	assert.equal(of('Seluruh keluarga')?.said, 'Tidak');
	assert.equal(of('NIK yang ikut')?.said, '3571, 3572');
});

test('of whom nobody knows here only what is said is told', () => {
	const payload = { name: 'BAYI', relation: 'anak', birth_date: 'kemarin' } satisfies Schemas['CivilPayload'];
	const told = lines({ ...event, type: 'LAHIR', no_kk: '3571030101200001', payload }, undefined, village);
	assert.ok(told.every(({ before, same }) => before === undefined && !same));
	assert.deepEqual(told.slice(-3).map(({ said }) => said), ['BAYI', 'kemarin', 'Anak']);
});
