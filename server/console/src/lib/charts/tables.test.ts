import assert from 'node:assert/strict';
import { test } from 'node:test';

import { linesOf, linesOfAll, officersTable, reasonsTable, villagesTable } from './tables.ts';

const COUNTS = { target: 12, visited: 9, returned: 1, accepted: 5, decided: 2, overdue: 3 };

test('a file has the numbers of a table as numbers, and of a link its words', () => {
	const villages = [{ region: '35.71.03.1009', counts: COUNTS, waiting: 4 }];
	const name = () => 'Betet';
	const linked = villagesTable(villages, name, (code) => ({ value: 'Betet, Pesantren', href: `/kasus?region=${code}`, label: 'Buka kasus Betet' }));
	assert.deepEqual(linesOf(linked), [
		['Kelurahan', 'Kasus', 'Dikunjungi', 'Dikembalikan', 'Diterima', 'Diputuskan', 'Terlambat', 'Menunggu tinjauan'],
		['Betet, Pesantren', 12, 9, 1, 5, 2, 3, 4],
	]);
	assert.deepEqual(linesOf(villagesTable(villages, name, () => 'Betet, Pesantren')), linesOf(linked));
});

test('an officer’s line is as long as its heading', () => {
	const table = officersTable([{ officer: 'a', name: 'Budi', counts: COUNTS, waiting: 4, median_min: 90 }]);
	assert.deepEqual(linesOf(table)[1], ['Budi', 12, 9, 1, 5, 2, 3, 4, '1,5 jam']);
	assert.equal(table.columns.length, table.rows[0]?.length);
});

test('a file of all tables says what they are of, and what each says', () => {
	const empty = reasonsTable([]);
	const some = reasonsTable([{ code: 'FOTO_GELAP', returns: 2 }]);
	assert.deepEqual(linesOfAll([['Bulan', 'November 2026']], [empty, some]), [
		['Bulan', 'November 2026'],
		[],
		['Alasan pengembalian', 'Belum ada kasus yang dikembalikan'],
		[],
		['Alasan pengembalian', 'Alasan pengembalian terbanyak: Foto terlalu gelap (2 kali)'],
		['Alasan', 'Pengembalian'],
		['Foto terlalu gelap', 2],
	]);
});
