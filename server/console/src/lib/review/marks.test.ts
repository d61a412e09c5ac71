import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RETURN_REASONS } from '#lib/reasons.ts';

import { cleared, codesOn, MOST_MARKS, offers, returnBody, targetKey, toggled, told, type Mark, type Target } from './marks.ts';

const front: Target = { kind: 'photo', photo: 'p1' };
const pin: Target = { kind: 'pin' };

test('a mark is set, set beside another, and taken away again', () => {
	const one = toggled([], front, 'ATAP_TERPOTONG');
	const two = toggled(one, front, 'FOTO_GELAP');
	assert.deepEqual(codesOn(two, front), ['ATAP_TERPOTONG', 'FOTO_GELAP']);
	assert.deepEqual(codesOn(toggled(two, front, 'ATAP_TERPOTONG'), front), ['FOTO_GELAP']);
	assert.deepEqual(cleared([...two, { target: pin, code: 'LUAR_KELURAHAN' }], front), [{ target: pin, code: 'LUAR_KELURAHAN' }]);
});

test('no more marks than the server takes', () => {
	const many: Mark[] = Array.from({ length: MOST_MARKS }, (_, at) => ({
		target: { kind: 'answer', question: `q${at}` },
		code: 'JAWABAN_TIDAK_KONSISTEN',
	}));
	assert.equal(toggled(many, front, 'FOTO_BURAM').length, MOST_MARKS);
});

test('marks and one note become the body of a return', () => {
	const marks: Mark[] = [
		{ target: front, code: 'ATAP_TERPOTONG' },
		{ target: { kind: 'answer', question: 'floor' }, code: 'JAWABAN_TIDAK_KONSISTEN' },
	];
	assert.deepEqual(returnBody('e1', 7, marks, '  Foto dari jalan. '), {
		event_id: 'e1',
		seen_version: 7,
		reasons: [
			{ target: front, code: 'ATAP_TERPOTONG', note: 'Foto dari jalan.' },
			{ target: { kind: 'answer', question: 'floor' }, code: 'JAWABAN_TIDAK_KONSISTEN' },
		],
	});
	assert.equal('note' in (returnBody('e1', 7, marks, ' ').reasons[0] ?? {}), false);
});

test('the body keeps no hold of the marks', () => {
	const marks: Mark[] = [{ target: pin, code: 'AKURASI_RENDAH' }];
	assert.deepEqual(returnBody('e', 1, marks, 'x').reasons[0]?.note, 'x');
	assert.deepEqual(marks, [{ target: pin, code: 'AKURASI_RENDAH' }]);
});

test('a code has one digit on every photo, and none where it does not fit', () => {
	const digits = new Map<string, string>();
	for (const kind of ['house_front', 'house_inside', 'family_card', 'statement', 'something_new']) {
		for (const { digit, code } of offers(front, kind)) {
			assert.equal(digits.get(code) ?? digit, digit);
			digits.set(code, digit);
		}
	}
	assert.deepEqual(offers(front, 'house_front').map(({ digit }) => digit), ['1', '2', '3', '4', '5', '6', '7', '8', '9']);
	assert.equal(offers(front, 'family_card').some(({ code }) => code === 'ATAP_TERPOTONG'), false);
	for (const half of ['narrow_left', 'narrow_right']) {
		assert.equal(offers(front, half).some(({ code }) => code === 'ATAP_TERPOTONG' || code === 'LANTAI_TIDAK_TERLIHAT'), false);
	}
});

test('every reason can be reached somewhere, and no other is offered', () => {
	const targets: Target[] = [front, pin, { kind: 'visit' }, { kind: 'answer', question: 'floor' }];
	const offered = new Set(targets.flatMap((target) => offers(target, 'house_front').map(({ code }) => code)));
	assert.deepEqual([...offered].toSorted(), RETURN_REASONS.map(({ code }) => code).toSorted());
});

test('told as the officer reads it', () => {
	const lines = told([{ target: front, code: 'ATAP_TERPOTONG' }], ' Mundur sedikit. ', (target) => targetKey(target));
	assert.deepEqual(lines, ['photo:p1: Atap terpotong', 'Mundur sedikit.']);
});
