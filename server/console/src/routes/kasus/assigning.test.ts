import assert from 'node:assert/strict';
import { test } from 'node:test';

import { covers, mayAssign, mayRelease, officersFor, walkingOrder } from './assigning.ts';

function officer(name: string, regions: string[]) {
	return { user: name, name, regions, assigned: 0, returned: 0 };
}

test('a code covers whole segments only', () => {
	assert.ok(covers('35.71', '35.71.03.1009'));
	assert.ok(covers('35.71', '35.71'));
	assert.ok(!covers('35.7', '35.71'));
	assert.ok(!covers('35.71.03', '35.71'));
});

test('only who works in every village is offered, by name', () => {
	const all = [officer('Wati', ['35.71.01']), officer('Adi', ['35.71']), officer('Budi', ['35.71.02.1001'])];
	const names = (villages: string[]) => officersFor(all, villages).map(({ name }) => name);
	assert.deepEqual(names(['35.71.01.1001']), ['Adi', 'Wati']);
	assert.deepEqual(names(['35.71.01.1001', '35.71.02.1001']), ['Adi']);
	assert.deepEqual(names(['35.72.01.1001']), []);
});

test('the walk goes by RW, then RT, as numbers', () => {
	const row = (rw: string, rt: string, name: string, region = 'a') => ({ rw, rt, name, region });
	const walked = walkingOrder([row('10', '01', 'A'), row('2', '03', 'B'), row('02', '1', 'C'), row('2', '01', 'B2'), row('1', '1', 'Z', 'b')]);
	assert.deepEqual(walked.map(({ name }) => name), ['B2', 'C', 'B', 'A', 'Z']);
});

test('what can be given and what can be taken back', () => {
	assert.ok(mayAssign('open') && mayAssign('returned') && !mayAssign('submitted'));
	assert.ok(mayRelease('assigned') && !mayRelease('open') && !mayRelease('closed'));
});
