import assert from 'node:assert/strict';
import { test } from 'node:test';

import { imports } from '../texts/imports.ts';
import {
	fieldName,
	headCells,
	headingsOf,
	headingsTold,
	isWorkbook,
	kindOf,
	KINDS,
	MOST_BYTES,
	unfit,
	type Kind,
} from './import-kinds.ts';

function known(name: string): Kind {
	const kind = kindOf(name);
	assert.ok(kind);
	return kind;
}

const bytes = (text: string) => new TextEncoder().encode(text);

test('every column of every kind is explained', () => {
	for (const { kind, columns } of KINDS) {
		const words: Readonly<Record<string, string>> = imports.kinds[kind].columns;
		assert.deepEqual(Object.keys(words), columns.map(({ name }) => name), kind);
	}
});

test('headings are known in the words of offices', () => {
	const cells = headCells(bytes('\uFEFFNo. KK;NIK;Nama Lengkap;Hub Keluarga;Alamat KTP;RT;RW;Kelurahan;Catatan\n1;2\n'));
	const said = headingsOf(known('families'), cells);
	assert.deepEqual(said.missing, []);
	assert.deepEqual(said.oneOf, []);
	assert.deepEqual(said.ignored, ['Catatan']);
	assert.equal(said.found.find(({ column }) => column.name === 'no_kk')?.heading, 'No. KK');
});

test('what is missing is told, also where one of several would do', () => {
	const said = headingsOf(known('waitlist'), ['bansos', 'peringkat', 'desil']);
	assert.deepEqual(said.missing.map(({ name }) => name), ['kode_wilayah']);
	assert.deepEqual(said.oneOf, ['id_keluarga', 'no_kk', 'nik']);
});

test('what the server makes of headings is told by our names', () => {
	const said = headingsTold(known('quotas'), {
		sheets: [],
		headers: ['Bantuan', 'Kel', '', 'Catatan'],
		columns: [
			{ name: 'program', required: true, header: 0 },
			{ name: 'region', required: true, header: 1 },
			{ name: 'slots', required: true },
		],
		fingerprint: '',
		mapped: true,
	});
	assert.deepEqual(said.found.map(({ heading }) => heading), ['Bantuan', 'Kel', undefined]);
	assert.deepEqual(said.missing.map(({ name }) => name), ['jatah']);
	assert.deepEqual(said.ignored, ['Catatan']);
});

test('the headings of the example file are its own', () => {
	for (const kind of KINDS) {
		const said = headingsOf(kind, kind.columns.map(({ name }) => name));
		assert.deepEqual([said.missing, said.ignored], [[], []], kind.kind);
		for (const { column, heading } of said.found) assert.equal(heading, column.name);
	}
});

test('a file of another sort is told before it is sent', () => {
	const csv = known('regions');
	assert.equal(unfit(csv, 0, bytes('')), 'empty');
	assert.equal(unfit(csv, 3, bytes(' \n ')), 'empty');
	assert.equal(unfit(csv, MOST_BYTES + 1, bytes('a')), 'too_large');
	assert.equal(unfit(csv, 9, bytes('PK\u0003\u0004…')), null);
	assert.equal(unfit(known('boundaries'), 9, bytes('PK\u0003\u0004…')), 'not_geojson');
	assert.equal(isWorkbook(bytes('PK\u0003\u0004…')), true);
	assert.equal(unfit(csv, 9, new Uint8Array([0xd0, 0xcf, 0x11, 0xe0])), 'old_spreadsheet');
	assert.equal(unfit(csv, 9, bytes('%PDF-1.7')), 'pdf');
	assert.equal(unfit(csv, 9, new Uint8Array([0xff, 0xfe, 0x61, 0])), 'encoding');
	assert.equal(unfit(csv, 9, bytes('kode,nama')), null);
	assert.equal(unfit(known('boundaries'), 9, bytes('kode,nama')), 'not_geojson');
	assert.equal(unfit(known('boundaries'), 9, bytes('\uFEFF {"type":"FeatureCollection"')), null);
});

test('a field is named as the example file names it', () => {
	assert.equal(fieldName('regions', 'code'), 'kode');
	assert.equal(fieldName('families', 'no_kk'), 'no_kk');
	assert.equal(fieldName('regions', 'baris'), 'baris');
});
