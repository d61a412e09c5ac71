import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isOvertaken, overtakenBy, ownPart } from './overtaken.ts';

const now = Date.parse('2026-11-24T08:00:00Z');
const by = (action: string, actor: string, at = '2026-11-24T07:05:00Z') => ({ at, actor, name: actor === 'b' ? 'Siti' : 'Budi', role: 'operator', action });

test('who decided first is told by name and time, and my own acts are not others’', () => {
	const acts = [by('case.decide_eligible', 'b'), by('membership.decide', 'a', '2026-11-24T07:04:00Z'), by('case.accept', 'c')];
	const sent = [by('case.send_for_approval', 'b')];
	assert.match(overtakenBy({ state: 'decided' }, acts, 'a', now), /^Sudah diputuskan oleh Siti \(operator kelurahan\) pukul 14\.05 WIB\.$/);
	assert.match(overtakenBy({ state: 'awaiting_approval' }, sent, 'a', now), /^Sudah diajukan untuk disahkan oleh Siti/);
	assert.match(overtakenBy({ state: 'decided' }, [by('case.decide_eligible', 'b', '2026-11-20T07:05:00Z')], 'a', now), /Siti \(operator kelurahan\) 20 Nov 2026, 14\.05 WIB/);
});

test('anything else is told as it was done, with how the case stands now', () => {
	const line = overtakenBy({ state: 'submitted' }, [by('case.withdraw', 'b')], 'a', now);
	assert.equal(line, 'Siti (operator kelurahan) menarik penerimaan bukti pukul 14.05 WIB. Keadaan kasus sekarang: Menunggu tinjauan.');
	assert.equal(overtakenBy({ state: 'expired' }, [], 'a', now), 'Keadaan kasus sekarang: Lewat jadwal.');
});

test('only a case that is other than it was is overtaken', () => {
	assert.deepEqual(['stale', 'wrong_moment', 'separation_of_duty', null].map(isOvertaken), [true, true, false, false]);
});

test('what this person did in another tab is laid at nobody else’s door', () => {
	const acts = [by('case.decide_eligible', 'a'), by('case.accept', 'b', '2026-11-24T07:00:00Z')];
	const line = overtakenBy({ state: 'decided' }, acts, 'a', now);
	assert.equal(line, 'Sudah Anda kerjakan sendiri pukul 14.05 WIB, di tab atau perangkat lain. Keadaan kasus sekarang: Diputuskan.');
});

test('of a family that was overtaken halfway it is said what is recorded', () => {
	const memberships = [
		{ id: 'm1', program: 'PKH' },
		{ id: 'm2', program: 'SEMBAKO' },
	];
	assert.equal(ownPart(memberships, []), 'Keputusan Anda tidak dicatat.');
	assert.equal(ownPart(memberships, ['m2']), 'Dari Anda hanya Sembako yang tercatat.');
});
