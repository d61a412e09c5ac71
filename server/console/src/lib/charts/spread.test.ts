import assert from 'node:assert/strict';
import { test } from 'node:test';

import { spread } from './spread.ts';

test('labels that would lie on each other move apart and keep their order', () => {
	assert.deepEqual(spread([10, 12, 80], 16, 0, 100), [10, 26, 80]);
	assert.deepEqual(spread([98, 99], 16, 0, 100), [84, 100]);
	// As they came, not as they lie.
	assert.deepEqual(spread([12, 10], 16, 0, 100), [26, 10]);
	assert.deepEqual(spread([], 16, 0, 100), []);
});
