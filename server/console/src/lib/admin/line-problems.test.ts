import assert from 'node:assert/strict';
import { test } from 'node:test';

import { byKind, flat } from './line-problems.ts';

function problem(field: string, code: string) {
	return { field, code, remedy: `Perbaiki ${field}.` };
}

test('problems of one kind stand together, the most frequent first', () => {
	const found = flat([
		{ line: 2, problems: [problem('rt', 'not_a_number')] },
		{ line: 3, problems: [problem('nik', 'length'), problem('rt', 'not_a_number')] },
		{ line: 9, problems: [problem('nik', 'not_digits')] },
	]);
	assert.equal(found.length, 4);
	const groups = byKind(found).map(({ field, lines }) => [field, lines]);
	assert.deepEqual(groups, [
		['rt', [2, 3]],
		['nik', [3]],
		['nik', [9]],
	]);
});

test('a thousand lines are grouped at once', () => {
	const lines = Array.from({ length: 1_000 }, (_, at) => ({ line: at + 2, problems: [problem('nik', `c${at % 7}`)] }));
	assert.equal(byKind(flat(lines)).length, 7);
});
