import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dutyOf } from './duty.ts';

test('an officer who only trains, and one who is on no list, do no real work here', () => {
	const officers = [
		{ id: 'a', regions: ['35.71.01.1001'] },
		{ id: 'b', regions: ['00.01'] },
		{ id: 'c', regions: ['00.01', '35.71'] },
	];
	assert.deepEqual(['a', 'b', 'c', 'd'].map((id) => dutyOf(officers, id)), ['here', 'training', 'here', 'none']);
});
