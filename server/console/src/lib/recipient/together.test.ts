import assert from 'node:assert/strict';
import { test } from 'node:test';

import { list as t } from '#lib/texts/recipients.ts';

import { caseView, membership } from './sample.ts';
import { aloneBecause, eligibleIn } from './together.ts';

test('only what nothing speaks against is decided together with others', () => {
	assert.equal(aloneBecause(caseView()), null);
	assert.equal(aloneBecause(caseView({ accepted_basis: 'unreachable' })), t.unreachable);
	assert.equal(aloneBecause(caseView({ memberships: [membership('a', { outcome: 'ineligible' })] })), t.proposed);
	assert.equal(aloneBecause(caseView({ memberships: [membership('a', { outcome: 'eligible' })] })), t.noMemberships);
	// What does not wait for a decision is none of this.
	assert.equal(aloneBecause(caseView({ state: 'submitted' })), t.noMemberships);
});

test('memberships that ended are decided no more', () => {
	const view = caseView({ memberships: [membership('a'), membership('b', { state: 'replaced' })] });
	assert.deepEqual(
		eligibleIn(view).map(({ id }) => id),
		['a'],
	);
});
