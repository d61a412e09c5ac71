import assert from 'node:assert/strict';
import test from 'node:test';

import { batchOf, lineOf, type Picked } from './batch.ts';

const home = (id: string, ...persons: string[]): Picked => ({ family: { id, name: id, address: '' }, persons });

test('a program for persons takes persons, another takes families, and none takes both', () => {
	const picked = [home('a', 'x', 'y'), home('b')];
	assert.deepEqual(batchOf(picked, false), { families: ['a', 'b'], persons: [], count: 2 });
	assert.deepEqual(batchOf(picked, true), {
		families: [],
		persons: [
			{ family: 'a', person: 'x' },
			{ family: 'a', person: 'y' },
		],
		count: 2,
	});
	assert.equal(batchOf([home('b')], true).count, 0);
});

test('each line of the answer is told beside whom it is about', () => {
	const lines = [{ family: 'a' }, { family: 'a', person: 'x' }, { family: 'a', person: 'y', proposal: 'p' }];
	assert.equal(lineOf(lines, 'a', 'y')?.proposal, 'p');
	assert.equal(lineOf(lines, 'a'), lines[0]);
	assert.equal(lineOf(lines, 'b'), undefined);
	assert.equal(lineOf(null, 'a'), undefined);
});
