import assert from 'node:assert/strict';
import { test } from 'node:test';

import { differences } from './import-trial.ts';

const told = { added: 9_700, changed: 0, unchanged: 0, waiting: 0, rejected: 300, warned: 2 };

test('only the counts that changed are told, with what they were', () => {
	assert.deepEqual(differences(told, told), []);
	assert.deepEqual(differences(told, { ...told, added: 9_699, rejected: 301 }), [
		{ count: 'added', before: 9_700, now: 9_699 },
		{ count: 'rejected', before: 300, now: 301 },
	]);
});
