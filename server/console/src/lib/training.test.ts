import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isTraining, programsIn, scopeOf } from './training.ts';

test('only the province that no place has is for training', () => {
	for (const code of ['00', '00.01', '00.01.01.0001']) assert.ok(isTraining(code), code);
	for (const code of ['', '35', '35.71', '35.00.00.0000', '000']) assert.ok(!isTraining(code), code);
});

test('regions are real, for training, or some of each', () => {
	assert.equal(scopeOf([]), 'real');
	assert.equal(scopeOf(['35.71']), 'real');
	assert.equal(scopeOf(['00.01', '00.01.01.0001']), 'training');
	assert.equal(scopeOf(['35.71', '00.01']), 'both');
});

test('the invented program is offered in training alone, and there alone', () => {
	const programs = [{ code: 'PKH' }, { code: 'LATIHAN' }, { code: 'SEMBAKO' }];
	assert.deepEqual(programsIn(false, programs), [{ code: 'PKH' }, { code: 'SEMBAKO' }]);
	assert.deepEqual(programsIn(true, programs), [{ code: 'LATIHAN' }]);
});
