import assert from 'node:assert/strict';
import { test } from 'node:test';

import { every } from './every.ts';

/** Pages of three of the numbers below `count`. */
function pages(count: number) {
	return async (after: string | undefined) => {
		const from = after === undefined ? 0 : Number(after);
		const items = [from, from + 1, from + 2].filter((n) => n < count);
		return { items, next: from + 3 < count ? String(from + 3) : null };
	};
}

test('all pages are read to the end', async () => {
	assert.deepEqual(await every(pages(7), 100), { rows: [0, 1, 2, 3, 4, 5, 6], more: false });
	assert.deepEqual(await every(pages(0), 100), { rows: [], more: false });
});

test('enough is enough, and what was left is said', async () => {
	assert.deepEqual(await every(pages(9), 4), { rows: [0, 1, 2, 3], more: true });
	assert.deepEqual(await every(pages(6), 6), { rows: [0, 1, 2, 3, 4, 5], more: false });
});

test('somebody may stop it, and is told how far it is', async () => {
	const heard: number[] = [];
	const found = await every(pages(9), 100, { stop: () => heard.length === 2, told: (count) => heard.push(count) });
	assert.deepEqual([found.rows.length, found.more, heard], [6, true, [3, 6]]);
});
