import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ruleOf, ruleWords } from './rules.ts';

test('a rule is said in words', () => {
	assert.equal(ruleWords({ day: 15 }), 'Tanggal 15');
	assert.equal(ruleWords({ month_end_minus: 5 }), '5 hari sebelum akhir bulan');
	assert.equal(ruleWords({ month_end_minus: 0 }), 'Hari terakhir bulan');
	assert.equal(ruleWords({ day: 18, month_in_quarter: 2 }), 'Tanggal 18, bulan ke-2 triwulan');
});

test('what was typed becomes a rule, and what is no number becomes one that the server refuses', () => {
	assert.deepEqual(ruleOf('day', '15', ''), { day: 15 });
	assert.deepEqual(ruleOf('month_end_minus', '5', '9'), { month_end_minus: 5 });
	assert.deepEqual(ruleOf('quarter', '18', '2'), { day: 18, month_in_quarter: 2 });
	assert.deepEqual(ruleOf('day', 'lima', ''), { day: 99 });
	assert.deepEqual(ruleOf('day', '-4', ''), { day: 99 });
});
