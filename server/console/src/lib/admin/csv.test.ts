import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseCsv, plainHeader, toCsv } from './csv.ts';

test('a table is read as offices save it', () => {
	for (const text of ['a,b\n1,2\n', 'a;b\r\n1;2', '\uFEFFa\tb\r1\t2\r', '"a"|b\n 1 | 2 \n', 'sep=;\na;b\n1;2\n']) {
		const rows = parseCsv(text).map((row) => row.cells);
		assert.deepEqual(rows, [['a', 'b'], ['1', '2']], JSON.stringify(text));
	}
});

test('quotes hold separators, quotes and line breaks, and lines are counted as a spreadsheet shows them', () => {
	const rows = parseCsv('nama,akun\n"Budi, ""Pak""\nLurah",budi\n\n,\nSiti,siti\n');
	assert.deepEqual(rows, [
		{ line: 1, cells: ['nama', 'akun'] },
		{ line: 2, cells: ['Budi, "Pak"\nLurah', 'budi'] },
		{ line: 5, cells: ['Siti', 'siti'] },
	]);
	assert.deepEqual(parseCsv('sep=,\na,b\n1,2')[1]?.line, 3);
	assert.deepEqual(parseCsv(''), []);
});

test('a separator within the quotes of the header does not count', () => {
	assert.deepEqual(parseCsv('"a,b,c";d\n1;2\n')[0]?.cells, ['a,b,c', 'd']);
});

test('a cell that begins like a formula is text, and what needs quotes has them', () => {
	const text = toCsv([['=HYPERLINK("x")', '+62', '-1', '@a', -1, 'a;b', 'ia "kata"', 'dua\nbaris', '\tx', ' y']]);
	assert.equal(
		text,
		'\uFEFF"\'=HYPERLINK(""x"")";\'+62;\'-1;\'@a;-1;"a;b";"ia ""kata""";"dua\nbaris";"\'\tx";" y"\r\n',
	);
});

test('what was written is read again', () => {
	const cells = ['a;b', 'c "d"', 'e\nf', 'g|h', 'ñ 🏠'];
	assert.deepEqual(parseCsv(toCsv([['1', '2', '3', '4', '5'], cells]))[1]?.cells, cells);
});

test('ten thousand lines are read at once', () => {
	const rows = parseCsv('a,b\n' + '"x, y",2\n'.repeat(10_000));
	assert.equal(rows.length, 10_001);
	assert.equal(rows.at(-1)?.line, 10_001);
});

test('headings are compared by their letters and digits', () => {
	assert.equal(plainHeader(' No. KK '), 'nokk');
	assert.equal(plainHeader('Desa/Kelurahan'), 'desakelurahan');
});
