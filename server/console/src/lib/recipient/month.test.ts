import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decidingCase, stateIn, statesOf } from './month.ts';

test('every state is told with its count, also when nobody is in it', () => {
	const told = statesOf([
		{ state: 'deciding', families: 3 },
		{ state: 'unvisited', families: 1_200 },
	]);
	assert.deepEqual(
		told.map(({ state, families }) => `${state} ${families}`),
		[' 1203', 'unvisited 1200', 'visiting 0', 'reviewing 0', 'deciding 3', 'decided 0'],
	);
	assert.equal(statesOf([{ state: 'approving', families: 1 }]).length, 7);
});

test('an address may name any state and nothing else', () => {
	assert.equal(stateIn('decided'), 'decided');
	assert.equal(stateIn('accepted'), '');
	assert.equal(stateIn(null), '');
});

test('only what waits for the operator has a case to decide', () => {
	const family = {
		id: 'family',
		name: 'Sukarmin',
		address: 'Gang 1',
		rt: '02',
		rw: '05',
		region: '35.71.01.1002',
		memberships: [],
		case: 'case',
	};
	assert.equal(decidingCase({ state: 'deciding', family }), 'case');
	assert.equal(decidingCase({ state: 'approving', family }), null);
	assert.equal(decidingCase({ state: 'deciding', family: { ...family, case: null } }), null);
});
