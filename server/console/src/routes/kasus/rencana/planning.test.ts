import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { countOf, isOf, orderOf, progressOf, whole, type Choice } from './planning.ts';

const none = { asked: false, no_photo: false, decile_jump: false, old_photo: false, random: false };

function choice(over: Partial<Choice> = {}): Choice {
	return {
		region: '35.71',
		program: '',
		on: { ...none, no_photo: true },
		numbers: { decile_jump: '2', old_photo: '12', random: '5' },
		capacity: '40',
		capacities: {},
		...over,
	};
}

test('only the rules that are ticked are asked for, with their numbers', () => {
	assert.deepEqual(orderOf(choice()), { region: '35.71', rules: { asked: false, no_photo: true }, capacity: 40 });
	const all = { asked: true, no_photo: true, decile_jump: true, old_photo: true, random: true };
	assert.deepEqual(orderOf(choice({ on: all, program: 'PKH' }))?.rules, {
		asked: true,
		no_photo: true,
		decile_jump: 2,
		photo_older_months: 12,
		random_percent: 5,
		program: 'PKH',
	});
	assert.equal(orderOf(choice({ on: none })), null);
	assert.equal(orderOf(choice({ region: '' })), null);
	// A number that cannot be matters only where it is asked for.
	const numbers = { decile_jump: '10', old_photo: '0', random: 'x' };
	assert.notEqual(orderOf(choice({ numbers })), null);
	for (const rule of ['decile_jump', 'old_photo', 'random'] as const) {
		assert.equal(orderOf(choice({ numbers, on: { ...none, [rule]: true } })), null, rule);
	}
});

test('capacities are told where they differ, and a plan is shown only for what was asked', () => {
	const order = orderOf(choice({ capacities: { b: '10', a: '0', c: '40' } }));
	assert.deepEqual(order?.capacities, [
		{ officer: 'a', cases: 0 },
		{ officer: 'b', cases: 10 },
	]);
	assert.equal(orderOf(choice({ capacities: { a: '1000' } })), null);
	assert.equal(orderOf(choice({ capacity: '' })), null);
	assert.ok(isOf(order, orderOf(choice({ capacities: { a: '0', b: '10' } }))));
	assert.ok(!isOf(order, orderOf(choice())));
	assert.ok(!isOf(null, null));
	assert.equal(whole(' 7 ', 1, 9), 7);
	assert.equal(whole('1e2', 1, 900), null);
});

test('who is taken out by hand is not waited for', () => {
	const officer = { user: 'a', name: 'A', held: 3, capacity: 40, planned: 20, taken_out: 2, opened: 10, skipped: 1 };
	const plan: Schemas['PlanView'] = {
		id: 'p',
		region: '35.71',
		month: '2026-11',
		seed: '00',
		digest: '00',
		rules: {},
		looked_at: 100,
		under_way: 10,
		counts: [{ rule: 'no_photo', found: 50, planned: 20 }],
		planned: 20,
		nobody: 0,
		no_room: 30,
		officers: [officer],
		waiting: 7,
	};
	assert.deepEqual(progressOf(plan), { done: 11, all: 18 });
	assert.equal(countOf(plan, 'no_photo')?.found, 50);
	assert.equal(countOf(plan, 'asked'), undefined);
});
