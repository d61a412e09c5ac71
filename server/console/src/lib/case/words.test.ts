import assert from 'node:assert/strict';
import { test } from 'node:test';

import { act, measured, missingParts, photoAlt, photoProblem, relation } from './words.ts';

const at = '2026-11-24T07:05:00Z';

test('a photo of the house before a move is called so', () => {
	const photo = { kind: 'house_front', taken_at: at } as const;
	assert.equal(photoAlt(photo), 'Tampak depan, diambil 24 Nov 2026, 14.05 WIB');
	assert.equal(photoAlt({ ...photo, before_move: true }), 'Tampak depan, diambil 24 Nov 2026, 14.05 WIB, rumah sebelum pindah');
});

test('an act is one line with who, as what, when and why', () => {
	const line = act({ at, actor: 'u', name: 'Budi', role: 'supervisor', action: 'case.return', reasons: ['FOTO_BURAM', 'X_LAIN'] });
	assert.deepEqual(line, {
		when: '24 Nov 2026, 14.05 WIB',
		who: 'Budi (koordinator)',
		did: 'mengembalikan bukti kepada petugas',
		reasons: 'Foto buram, X_LAIN',
		document: '',
	});
});

test('the server acts under its own name', () => {
	assert.equal(act({ at, role: 'system', action: 'case.expire' }).who, 'Sistem');
	assert.equal(act({ at, actor: 'u', name: 'Siti', role: 'system', action: 'case.open' }).who, 'Siti');
	assert.equal(act({ at, actor: 'u', role: 'verifier', action: 'case.close' }).who, 'Pengguna (verifikator Dinsos)');
});

test('an acceptance on a sheet says how long the house was on the screen', () => {
	const on = (shown_ms: number) =>
		act({ at, role: 'supervisor', action: 'case.accept', on_sheet: { sheet: 's', shown_ms, houses: 12 } }).did;
	assert.equal(on(14_200), 'menerima bukti di lembar 12 rumah, 14 detik di layar');
	assert.equal(on(5_999), 'menerima bukti di lembar 12 rumah, 6 detik di layar (tergesa)');
	assert.equal(on(6_000), 'menerima bukti di lembar 12 rumah, 6 detik di layar');
});

test('a judgement by itself says how long the case was held', () => {
	const row = { at, role: 'supervisor', action: 'case.accept', held_ms: 41_300 };
	assert.equal(act(row).did, 'menerima bukti, 41 detik setelah mengambil kasus');
	assert.equal(act({ ...row, held_ms: 26 }).did, 'menerima bukti, 0 detik setelah mengambil kasus');
	assert.equal(act({ ...row, held_ms: 200_000 }).did, 'menerima bukti, 3 menit setelah mengambil kasus');
});

test('giving, giving again and taking back are told apart by the states', () => {
	const did = (from: 'open' | 'assigned' | 'returned', to: 'open' | 'assigned' | 'returned') =>
		act({ at, role: 'supervisor', action: 'case.assign', from, to }).did;
	assert.equal(did('open', 'assigned'), 'menugaskan kasus kepada petugas');
	assert.equal(did('assigned', 'assigned'), 'menugaskan ulang kasus kepada petugas');
	assert.equal(did('returned', 'returned'), 'menugaskan ulang kasus kepada petugas');
	assert.equal(did('assigned', 'open'), 'melepas tugas dari petugas');
});

test('a word that is not known is shown as it came', () => {
	assert.equal(act({ at, role: 'supervisor', action: 'case.baru' }).did, 'case.baru');
	assert.equal(photoProblem('truncated'), 'Foto terpotong.');
	assert.equal(photoProblem('constructor'), 'constructor');
	assert.equal(photoProblem(null), 'Foto tidak dapat dipakai.');
	assert.equal(missingParts(['pin', 'apa']), 'titik lokasi, apa');
	assert.equal(relation('cucu'), 'Cucu');
});

test('an act on a membership says of which program and what', () => {
	const row = { at, actor: 'u', name: 'Siti', role: 'operator', action: 'membership.decide', program: 'SEMBAKO' };
	assert.equal(act({ ...row, outcome: 'ineligible' }).did, 'memutuskan kepesertaan Sembako: tidak layak');
	assert.equal(act(row).did, 'memutuskan kepesertaan Sembako');
	assert.equal(act({ ...row, document_number: 'BA/12/2026' }).document, 'BA/12/2026');
});

test('a flag about a number tells it with its limit, and others tell none', () => {
	assert.equal(measured({ measure: { value: 1_180, limit: 116, unit: 'm' } }), 'Terukur 1.180 m, batas 116 m.');
	assert.equal(measured({ measure: { value: 600, unit: 's' } }), 'Terukur 600 detik.');
	assert.equal(measured({}), '');
});
