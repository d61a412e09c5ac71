import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fileSize } from './size.ts';

test('sizes are told in Indonesian numbers', () => {
	assert.deepEqual([820, 4_301, 67_108_864].map(fileSize), ['820 B', '4,2 KB', '64 MB']);
});
