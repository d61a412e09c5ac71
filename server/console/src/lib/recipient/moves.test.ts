import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CASE_STATES } from '#lib/labels.ts';
import { moves as t } from '#lib/texts/recipients.ts';

import { movesFor, othersUndecided } from './moves.ts';
import { caseView, membership } from './sample.ts';

const operator = { decide: true, assign: false, request: true };
const supervisor = { decide: false, assign: true, request: false };
const auditor = { decide: false, assign: false, request: false };

test('an operator decides what is accepted, one way or the other', () => {
	const view = caseView({
		memberships: [
			membership('a'),
			membership('b', { outcome: 'eligible' }),
			membership('c', { outcome: 'ineligible', awaiting_approval: true }),
			membership('d', { state: 'inactive' }),
		],
	});
	const { eligible, cancel, why } = movesFor(view, operator);
	assert.deepEqual(
		eligible.map(({ id }) => id),
		['a', 'c'],
	);
	assert.deepEqual(
		cancel.map(({ id }) => id),
		['a', 'b'],
	);
	assert.equal(why, null);
});

test('in every state there is a move or one sentence why there is none', () => {
	for (const rights of [operator, supervisor, auditor]) {
		for (const state of CASE_STATES) {
			const { eligible, cancel, visit, why } = movesFor(caseView({ state }), rights);
			const some = eligible.length > 0 || cancel.length > 0 || visit;
			assert.equal(why === null, some, `${state}`);
		}
	}
	assert.equal(movesFor(null, supervisor).visit, true);
	assert.equal(movesFor(null, operator).visit, true);
	assert.equal(movesFor(null, { ...operator, request: false }).why, t.none.noCase);
	assert.equal(movesFor(caseView(), supervisor).why, t.none.deciding);
	assert.equal(movesFor(caseView(), auditor).why, t.none.role);
});

test('what keeps a proposal from leaving the operator', () => {
	const view = caseView({ memberships: [membership('a'), membership('b'), membership('c', { state: 'replaced' })] });
	assert.deepEqual(
		othersUndecided(view, ['a']).map(({ id }) => id),
		['b'],
	);
});
