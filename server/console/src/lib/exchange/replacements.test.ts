import assert from 'node:assert/strict';
import { test } from 'node:test';

import { papersOf, type Replacement } from './replacements.ts';

function row(id: string, more: Partial<Replacement>): Replacement {
	return { id, ended: id, program: 'CBP', region: '35.71.01.1001', state: 'designated', ...more };
}

test('papers are of one village and program, and of nobody who is only a candidate', () => {
	const papers = papersOf([
		row('a', { confirmed_at: '2026-11-02T00:00:00Z' }),
		row('b', { region: '35.71.01.1002' }),
		row('c', { state: 'candidate' }),
		row('d', { confirmed_at: '2026-11-01T00:00:00Z' }),
		row('e', { program: 'BLT-DD', state: 'active' }),
	]);
	assert.deepEqual(
		papers.map(({ region, program, rows }) => [region, program, rows.map(({ id }) => id).join()]),
		[
			['35.71.01.1001', 'BLT-DD', 'e'],
			['35.71.01.1001', 'CBP', 'd,a'],
			['35.71.01.1002', 'CBP', 'b'],
		],
	);
});
