import assert from 'node:assert/strict';
import { test } from 'node:test';

import { users } from '../texts/users.ts';
import { HEADINGS, nameProblem, readUsers } from './users-csv.ts';

const KNOWN = {
	usernames: new Set(['admin']),
	hasRegion: (code: string) => ['35.71', '35.71.03.1009', '35.71.01.1001'].includes(code),
	today: '2026-11-24',
};

function fields(text: string) {
	return readUsers(text, KNOWN).entries.map(({ line, problems }) => [line, problems.map(({ field }) => field)]);
}

test('people become accounts, with or without a role', () => {
	const { entries, failure } = readUsers(
		'Nama Lengkap;Username;Peran;Kode Wilayah;No SK;Mulai;Sampai\n' +
			'Budi  Santoso;Budi.S;petugas lapangan;3571031009 35.71.01.1001;ST/1/2026;01/12/2026;2027-06-30\n' +
			'Siti;siti;;;;;\n',
		KNOWN,
	);
	assert.equal(failure, null);
	assert.deepEqual(entries, [
		{
			line: 2,
			name: 'Budi Santoso',
			username: 'budi.s',
			grant: {
				role: 'officer',
				regions: ['35.71.03.1009', '35.71.01.1001'],
				document: 'ST/1/2026',
				from: '2026-12-01',
				until: '2027-06-30',
			},
			problems: [],
		},
		{ line: 3, name: 'Siti', username: 'siti', grant: null, problems: [] },
	]);
});

test('every problem of a line is told, by its column', () => {
	const header = `${HEADINGS.join(',')}\n`;
	assert.deepEqual(fields(`${header},b!,,,,,\n`), [[2, ['nama', 'nama_pengguna']]]);
	assert.deepEqual(fields(`${header}Ani,admin,,,,,\nIna,ina,,,,,\nIno,ina,,,,,\n`), [
		[2, ['nama_pengguna']],
		[3, []],
		[4, ['nama_pengguna']],
	]);
	assert.deepEqual(fields(`${header}Ani,ani,raja,99.99,tanpa,31/02/2026,23/11/2026\n`), [
		[2, ['peran', 'wilayah', 'nomor_dokumen', 'mulai', 'sampai']],
	]);
	assert.deepEqual(fields(`${header}Ani,ani,operator,,,,\n`), [[2, ['wilayah', 'nomor_dokumen']]]);
	assert.deepEqual(fields(`${header}3571 0312 1280 0001 Ani,ani,,,,,\n`), [[2, ['nama']]]);
});

test('a table without its columns, without people or with too many is not read', () => {
	assert.equal(readUsers('nama\nBudi\n', KNOWN).failure, users.csv.missing('nama_pengguna'));
	assert.equal(readUsers('nama,username\n', KNOWN).failure, users.csv.empty);
	assert.equal(readUsers(`nama,username\n${'a,b\n'.repeat(501)}`, KNOWN).failure, users.csv.tooMany(500, 501));
});

test('names with quotes, emoji and HTML stay what they are', () => {
	const [entry] = readUsers('nama,username\n"<b>Ani ""A"" 🏠</b>",ani\n', KNOWN).entries;
	assert.equal(entry?.name, '<b>Ani "A" 🏠</b>');
	assert.deepEqual(entry?.problems, []);
});

test('a name is one that can be read', () => {
	for (const good of ['Siti Aminah, S.Sos.', "M. Nur'aini", 'عائشة']) assert.equal(nameProblem(good), null, good);
	for (const bad of ['', '...', '12']) assert.equal(nameProblem(bad), users.nameMissing, bad);
	assert.equal(nameProblem(`${' '.repeat(90)}x`), users.nameSpaces);
	for (const bad of ['Si\u200bti', '\u202eitiS', 'Siti\tA', 'Siti\u00a0A', '\u3000Siti']) {
		assert.equal(nameProblem(bad), users.nameUnseen, JSON.stringify(bad));
	}
});
