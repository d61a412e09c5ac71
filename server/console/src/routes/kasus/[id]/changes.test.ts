import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { changesBetween } from './changes.ts';

const before: Schemas['CaseView'] = {
	id: 'k',
	state: 'assigned',
	version: 3,
	kind: 'quick',
	region: '35.71.01.1001',
	house: 'h',
	family: { id: 'f', name: 'Sukarmin', address: '', rt: '1', rw: '1', region: '35.71.01.1001', kk_masked: '', persons: [] },
	officer: 'a',
	officer_name: 'Adi',
	visits: [],
	earlier_pins: [],
	memberships: [{ id: 'm', program: 'PKH', state: 'active', awaiting_approval: false }],
};

test('what changed is said one by one', () => {
	const visit = { id: 'v', kind: 'quick' as const, officer: 'a', captured_at: '', received_at: '2026-11-24T07:05:00Z', photos: [], answers: [], flags: [] };
	const [membership] = before.memberships;
	const after: Schemas['CaseView'] = {
		...before,
		version: 4,
		state: 'submitted',
		officer: 'b',
		officer_name: 'Budi',
		visits: [visit],
		memberships: membership === undefined ? [] : [{ ...membership, outcome: 'ineligible' }],
	};
	assert.deepEqual(changesBetween(before, after), [
		'Status berubah dari Ditugaskan menjadi Menunggu tinjauan.',
		'Sekarang ditugaskan kepada Budi.',
		'Kunjungan cepat baru diterima 24 Nov 2026, 14.05 WIB.',
		'Hasil PKH sekarang Tidak layak.',
	]);
	assert.deepEqual(changesBetween(before, { ...before, officer: null }), ['Tidak lagi ditugaskan kepada petugas.']);
});

test('a change that none of these is still told', () => {
	assert.deepEqual(changesBetween(before, { ...before, version: 9 }), ['Rincian kasus berubah.']);
});
