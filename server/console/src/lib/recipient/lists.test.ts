import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { annexOf } from './annex.ts';
import { partOf, proposalOf } from './duty.ts';
import { sameProposals, settledIn, waitingFor } from './evidence.ts';
import { grouped, membershipNames, namesOf } from './programs.ts';
import { caseView, membership } from './sample.ts';

function act(action: string, actor: string): Schemas['HistoryRow'] {
	return { action, actor, at: '2026-11-24T03:00:00Z', role: 'operator' };
}

test('nobody is offered to confirm their own work', () => {
	const acts = [act('case.send_for_approval', 'operator'), act('case.accept', 'supervisor')];
	const view = caseView();
	assert.equal(partOf(view, acts, 'operator'), 'proposed');
	assert.equal(partOf(view, acts, 'supervisor'), 'reviewed');
	assert.equal(partOf(view, acts, 'approver'), null);
	assert.equal(partOf(view, acts, undefined), null);
	assert.equal(proposalOf(acts)?.actor, 'operator');
});

test('memberships of one program for several persons are told apart', () => {
	const list = [
		{ id: 'x-1111', program: 'PBI-JK', state: 'active' },
		{ id: 'x-2222', program: 'PBI-JK', state: 'active' },
		{ id: 'x-3333', program: 'PKH', state: 'active' },
	];
	assert.deepEqual([...membershipNames(list).values()], ['PBI-JK …1111', 'PBI-JK …2222', 'PKH']);
	assert.equal(namesOf(list, ['x-3333', 'x-1111']), 'PBI-JK …1111, PKH');
	assert.deepEqual(
		grouped(list).map(({ program, n }) => [program, n]),
		[
			['PBI-JK', 2],
			['PKH', 1],
		],
	);
});

test('what waits, what is settled, and what is proposed alike', () => {
	const waits = { outcome: 'ineligible' as const, reason: 'GANDA', awaiting_approval: true };
	const memberships = [membership('a', waits), membership('b', waits), membership('c', { outcome: 'eligible' })];
	const waiting = caseView({ state: 'awaiting_approval', memberships });
	assert.equal(waitingFor(waiting).length, 2);
	assert.deepEqual(
		sameProposals(waitingFor(waiting)).map(({ n }) => n),
		[2],
	);
	assert.equal(settledIn(waiting).length, 0);
	assert.equal(settledIn(caseView({ state: 'decided', memberships })).length, 1);
	assert.deepEqual(waitingFor(caseView({ memberships })), []);
});

test('an annex is by village and by name, a row a membership', () => {
	const of = (id: string, region: string, name: string) =>
		caseView({ id, region, family: { ...caseView().family, name }, memberships: [membership(`${id}1`), membership(`${id}2`)] });
	const villages = annexOf(
		[of('a', '35.71.01.1003', 'Wagiman'), of('b', '35.71.01.1002', 'Sukarmin'), of('c', '35.71.01.1002', 'Painem')],
		(view) => view.memberships,
	);
	assert.deepEqual(
		villages.map(({ region, families, rows }) => [region, families, rows.map(({ membership: one }) => one.id)]),
		[
			['35.71.01.1002', 2, ['c1', 'c2', 'b1', 'b2']],
			['35.71.01.1003', 1, ['a1', 'a2']],
		],
	);
});
