import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FEW, fewOf, inOrder } from './sessions.ts';

const at = (last_used_at: string, current = false) => ({ current, last_used_at });

test('this session stands first, then those used last', () => {
	const day = (n: number) => `2026-11-0${n}T00:00:00Z`;
	const sorted = inOrder([at(day(1)), at(day(3)), at(day(2), true), at(day(4))]);
	assert.deepEqual(
		sorted.map(({ last_used_at }) => last_used_at),
		[2, 4, 3, 1].map(day),
	);
});

test('a long list begins with a few, a short one is whole', () => {
	const many = (n: number) => Array.from({ length: n }, (_, at) => at);
	assert.equal(fewOf(many(FEW + 2)).length, FEW);
	assert.equal(fewOf(many(FEW + 1)).length, FEW + 1);
	assert.deepEqual(fewOf([]), []);
});
