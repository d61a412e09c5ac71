import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '../api.ts';
import { basisOf, changesOf, nothingOf, notesOf } from './since.ts';

type FamilyChanges = Schemas['FamilyChanges'];

const before_at = '2026-10-20T03:00:00Z';
const visited_at = '2026-11-24T03:00:00Z';
const bare: FamilyChanges = { family: '01a21e7d-81a6-77e3-bd0d-06a8655e6898', since: '2026-10-28T03:00:00Z' };
const none: FamilyChanges = {
	...bare,
	before_at,
	visited_at,
	ground: { pin: { moved_m: 6, accuracy_m: 16 }, answers: [], photos_new: 2, photos_kept: 0 },
};

function words(changes: FamilyChanges): string[] {
	return changesOf(changes).map(({ chip }) => chip.word);
}

test('nothing that changed is said, and a pin within its accuracy is no move', () => {
	assert.deepEqual(words(none), []);
	assert.equal(nothingOf(none), 'Tidak ada yang berubah sejak 20 Okt 2026');
	assert.deepEqual(notesOf(none), ['Titik 6 m dari titik sebelumnya, masih dalam ketelitian GPS (16 m).', '2 foto baru.']);
});

test('each kind of change is a chip, and at length one line a fact', () => {
	const changes: FamilyChanges = {
		...none,
		ground: {
			pin: { moved_m: 1_230, accuracy_m: 16 },
			answers: [
				{ question: 'floor', text: 'Lantai', from: 'Tanah', to: 'Keramik', counted: true, counts: false },
				{ question: 'water', text: 'Air', to: 'Sumur', counted: false, counts: false },
			],
			photos_new: 0,
			photos_kept: 2,
		},
		decile: { from: 2 },
		fields: ['address', 'rt'],
		persons: [
			{ person: 'a', name: 'SATU', event: 'died' },
			{ person: 'b', name: 'DUA', event: 'added' },
			{ person: 'c', name: 'TIGA', event: 'added' },
		],
		programs: [
			{ membership: 'm', program: 'SEMBAKO', from: 'active', to: 'suspended' },
			{ membership: 'n', program: 'PBI-JK', person: 'DUA', to: 'active' },
			{ membership: 'o', program: 'PBI-JK', person: 'TIGA', to: 'active' },
			{ membership: 'p', program: 'PBI-JK', person: 'SATU', from: 'active', to: 'inactive' },
		],
	};
	assert.deepEqual(words(changes), [
		'Tidak ada foto baru',
		'Titik bergeser 1,2 km',
		'2 jawaban berubah',
		'Desil 2 → tanpa desil',
		'1 anggota meninggal',
		'2 anggota baru',
		'Sembako: Ditangguhkan',
		// Once for both, and not for whom something else happened.
		'PBI-JK ×2 baru',
		'PBI-JK: Dibatalkan',
		'Alamat, RT berubah',
	]);
	const lines = changesOf(changes).flatMap((one) => one.lines);
	assert.ok(lines.includes('Lantai: Tanah → Keramik (tidak lagi menentukan)'));
	assert.ok(lines.includes('Air: tidak ditanyakan → Sumur'));
	assert.ok(lines.includes('PBI-JK DUA: belum ada → Aktif') && lines.includes('PBI-JK TIGA: belum ada → Aktif'));
	assert.ok(lines.includes('SATU tercatat meninggal'));
});

test('a word of a newer server about a person is left out instead of shown wrong', () => {
	const persons = [{ person: 'a', name: 'SATU', event: 'moved' }] as unknown as NonNullable<FamilyChanges['persons']>;
	assert.deepEqual(words({ ...none, persons }), []);
});

test('what is compared is said, also when there is nothing to compare with', () => {
	assert.equal(basisOf(none), 'Kunjungan 24 Nov 2026 dibandingkan dengan kunjungan 20 Okt 2026, dan data sekarang dengan data saat keputusan sebelumnya.');
	assert.match(basisOf({ ...bare, before_at }), /Belum dikunjungi sejak/);
	assert.match(basisOf({ ...bare, visited_at }), /Kunjungan pertama/);
	assert.match(basisOf(bare), /Belum pernah dikunjungi/);
	assert.match(nothingOf({ ...bare, visited_at }), /Kunjungan pertama/);
	assert.match(nothingOf(bare), /^Data tidak berubah/);
});
