import assert from 'node:assert/strict';
import { test } from 'node:test';

import { covers, grantState, needsTwo, outermost, spanProblem, userState, wouldWait, type Grant, type User } from './grants.ts';

const NOW = Date.parse('2026-11-24T03:00:00Z');

function grant(more: Partial<Grant> = {}): Grant {
	return {
		id: 'g',
		role: 'officer',
		regions: ['35.71.03.1009'],
		valid_from: '2026-11-01T00:00:00Z',
		document_number: 'ST/1/2026',
		confirmed: false,
		...more,
	};
}

function user(...grants: Grant[]): User {
	return { id: 'u', username: 'budi', name: 'Budi', suspended: false, grants };
}

test('who decides, makes accounts or audits waits for an approver', () => {
	for (const role of ['officer', 'signatory', 'feed'] as const) assert.equal(grantState(grant({ role }), NOW), 'active', role);
	for (const role of ['supervisor', 'operator', 'verifier', 'approver', 'admin', 'auditor'] as const) {
		assert.equal(grantState(grant({ role }), NOW), 'waiting', role);
		assert.equal(grantState(grant({ role, confirmed: true }), NOW), 'active', role);
	}
});

test('who decides, or did until lately, is let in by two', () => {
	const past = (ended_at: string) => user(grant({ role: 'operator', confirmed: true, ended_at }));
	assert.ok(needsTwo(user(grant(), grant({ role: 'operator' })), NOW));
	assert.ok(needsTwo(past('2026-10-25T03:00:01Z'), NOW));
	assert.ok(!needsTwo(past('2026-10-25T03:00:00Z'), NOW));
	assert.ok(!needsTwo(user(grant()), NOW));
});

test('what is decided by waits again after a suspension, and what is over does not', () => {
	const operator = grant({ role: 'operator', confirmed: true });
	const over = grant({ role: 'admin', confirmed: true, valid_until: '2026-11-24T03:00:00Z' });
	const waits = grant({ role: 'auditor' });
	assert.deepEqual(wouldWait(user(grant(), operator, over, waits), NOW), [operator]);
});

test('a grant has its time and its end', () => {
	assert.equal(grantState(grant({ valid_from: '2026-12-01T00:00:00Z' }), NOW), 'future');
	assert.equal(grantState(grant({ valid_until: '2026-11-24T03:00:00Z' }), NOW), 'over');
	assert.equal(grantState(grant({ valid_until: '2026-11-24T03:00:01Z' }), NOW), 'active');
	assert.equal(grantState(grant({ ended_at: '2026-11-20T00:00:00Z', confirmed: true }), NOW), 'ended');
});

test('an account is worth its best grant, and nothing while it is suspended', () => {
	assert.equal(userState(user(), NOW), 'none');
	assert.equal(userState(user(grant({ role: 'operator' })), NOW), 'waiting');
	assert.equal(userState(user(grant({ role: 'operator' }), grant()), NOW), 'active');
	assert.equal(userState({ ...user(grant()), suspended: true }, NOW), 'suspended');
});

test('a region covers by whole segments', () => {
	assert.ok(covers('35.71', '35.71.03.1009'));
	assert.ok(covers('35.71', '35.71'));
	assert.ok(!covers('35.7', '35.71'));
	assert.deepEqual(outermost(['35.71.03', '35.71.03.1009', '35.71.01.1001']), ['35.71.03', '35.71.01.1001']);
});

test('a span ends neither before it begins nor before today', () => {
	assert.equal(spanProblem('', '', '2026-11-24'), null);
	assert.equal(spanProblem('2026-12-01', '', '2026-11-24'), null);
	assert.equal(spanProblem('', '2026-11-24', '2026-11-24'), null);
	assert.equal(spanProblem('2026-11-30', '2026-11-29', '2026-11-24'), 'before');
	assert.equal(spanProblem('', '2026-11-23', '2026-11-24'), 'past');
});
