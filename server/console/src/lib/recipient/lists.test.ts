import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { annexOf, parted } from './annex.ts';
import { EMPTY, mistakes } from './decree.ts';
import { partOf } from './duty.ts';
import { alike, settledIn, waitingFor } from './evidence.ts';
import { grouped, membershipNames, namesOf, programsOf } from './programs.ts';
import { saidBy } from './proposed.ts';
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
});

test('who proposed, who confirmed, and who decided alone are told apart', () => {
	const proposed = membership('a', { proposed_by: 'o', proposed_by_name: 'Siti', proposed_at: '2026-11-24T07:05:00Z' });
	assert.deepEqual(saidBy(proposed, false), ['Diajukan Siti, 24 Nov 2026, 14.05 WIB']);
	assert.deepEqual(saidBy(proposed, true), ['Diputuskan Siti, 24 Nov 2026, 14.05 WIB']);
	const confirmed = { ...proposed, confirmed_by: 'k', confirmed_by_name: 'Budi', confirmed_at: '2026-11-25T07:05:00Z' };
	assert.deepEqual(saidBy(confirmed, true), ['Diajukan Siti, 24 Nov 2026, 14.05 WIB', 'disahkan Budi, 25 Nov 2026, 14.05 WIB']);
	assert.deepEqual(saidBy(membership('a'), true), []);
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
		alike(waitingFor(waiting)).map(({ all }) => all.length),
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

test('what is said alike is said once, with the persons behind it', () => {
	const moved = { outcome: 'ineligible' as const, reason: 'PINDAH_KELUAR_DAERAH', document_number: 'BA/7', proposed_by: 'operator', awaiting_approval: true };
	const health = { ...moved, program: 'PBI-JK' };
	const list = [
		membership('a', { ...moved, program: 'BLT-DD', proposed_at: '2026-11-24T03:00:02Z' }),
		membership('b', { ...health, person: 'Ani', proposed_at: '2026-11-24T03:00:01Z' }),
		membership('c', { ...health, person: 'Budi', proposed_at: '2026-11-24T03:00:03Z' }),
		membership('d', { ...moved, document_number: 'BA/8' }),
	];
	const said = alike(list);
	assert.deepEqual(
		said.map(({ one, all }) => [one.id, all.length]),
		[
			['c', 3],
			['d', 1],
		],
	);
	assert.equal(programsOf(said[0]?.all ?? []), 'BLT-DD, PBI-JK ×2 (Ani, Budi)');
});

test('the last rows of an annex stay with the signature', () => {
	assert.deepEqual(parted([1, 2, 3, 4]), [
		[1, 2],
		[3, 4],
	]);
	assert.deepEqual(parted([1]), [[], [1]]);
});

test('a decree needs its kind, and a NIP has eighteen digits', () => {
	assert.deepEqual(mistakes(EMPTY).map(({ field }) => field), ['decree']);
	const decree = { ...EMPTY, decree: 'Keputusan Wali Kota Kediri' };
	assert.deepEqual(mistakes({ ...decree, nip: '19780101 200501 1 001' }), []);
	assert.deepEqual(mistakes({ ...decree, nip: '1978' }).map(({ field }) => field), ['nip']);
});
