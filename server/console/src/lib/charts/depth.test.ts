import assert from 'node:assert/strict';
import { test } from 'node:test';

import { depthOf, middleOf } from './depth.ts';

test('nothing has no colour, one family has some, and the most the deepest', () => {
	assert.deepEqual([0, 1, 25, 26, 50, 75, 76, 100].map((value) => depthOf(value, 100)), [0, 18, 18, 36, 36, 54, 72, 72]);
	assert.equal(depthOf(1, 1), 72);
	assert.equal(depthOf(0, 0), 0);
});

test('a number stands in the middle of the largest part, whichever way round it was drawn', () => {
	const square = (x: number, side: number) => [
		{ x, y: 0 },
		{ x: x + side, y: 0 },
		{ x: x + side, y: side },
		{ x, y: side },
	];
	assert.deepEqual(middleOf([square(100, 1), square(0, 10)]), { x: 5, y: 5 });
	assert.deepEqual(middleOf([square(0, 10).toReversed()]), { x: 5, y: 5 });
	assert.deepEqual(middleOf([]), { x: 0, y: 0 });
	const line = [2, 3, 4].map((at) => ({ x: at, y: at }));
	assert.deepEqual(middleOf([line]), { x: 2, y: 2 });
});
