import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byRt, findingOf, type Row } from './sheet.ts';

function row(rw: string, rt: string, finding?: string): Row {
	return { family: `${rw}${rt}`, name: 'SITI', address: 'JL MELATI 1', rw, rt, programs: ['PKH'], open_case: false, ...(finding ? { finding } : {}) } as Row;
}

test('each RT has a sheet of its own, in the order of the list', () => {
	const parts = byRt([row('001', '001'), row('001', '001'), row('001', '002'), row('002', '001')]);
	assert.deepEqual(
		parts.map(({ rw, rt, rows }) => [rw, rt, rows.length]),
		[
			['001', '001', 2],
			['001', '002', 1],
			['002', '001', 1],
		],
	);
	assert.deepEqual(byRt([]), []);
});

test('a word of a newer server is shown as nothing', () => {
	assert.equal(findingOf(row('001', '001', 'well_off')), 'well_off');
	assert.equal(findingOf(row('001', '001')), null);
	assert.equal(findingOf(row('001', '001', 'kata baru')), null);
});
