import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KEYS, keyOf, looksOf, lostOf, MOST, moved, sorted, type House, type Out } from './houses.ts';

function photo(id: string, kind: string, state = 'ready') {
	return { id, kind, state, taken_at: '2026-11-24T01:00:00Z', width: 4, height: 3 } as House['photos'][number];
}

function house(id: string, more: Partial<House> = {}): House {
	return { case: id, version: 3, photos: [], answers: [], ...more } as unknown as House;
}

test('the front comes first, what is not ready is not shown, and a photo that was kept stands once', () => {
	const looks = looksOf(
		house('a', {
			photos: [photo('in', 'inside'), photo('front', 'house_front'), photo('raw', 'inside', 'received')],
			earlier_photos: [photo('front', 'house_front'), photo('old', 'house_front')],
		}),
	);
	assert.deepEqual(
		looks.map(({ photo: { id }, earlier }) => [id, earlier]),
		[
			['front', false],
			['in', false],
			['old', true],
		],
	);
});

test('each house is accepted, or picked out, or left to another time', () => {
	const houses = ['a', 'b', 'c', 'd'].map((id) => house(id));
	const out = new Map<string, Out>([
		['b', 'picked'],
		['c', 'failed'],
		['d', 'gone'],
	]);
	const { accepted, picked, left } = sorted(houses, out);
	const ids = (list: readonly House[]) => list.map((each) => each.case).join('');
	assert.deepEqual([ids(accepted), ids(picked), ids(left)], ['a', 'b', 'cd']);
});

test('a renewal tells which houses are gone and which have changed', () => {
	const houses = ['a', 'b', 'c'].map((id) => house(id));
	const kept = [
		{ case: 'a', version: 3 },
		{ case: 'b', version: 4 },
	];
	assert.deepEqual(lostOf(houses, kept).map((each) => each.case), ['b', 'c']);
});

test('there is a key for every place, and arrows stay within the sheet', () => {
	assert.equal(KEYS.length, MOST);
	assert.deepEqual([keyOf(0), keyOf(9), keyOf(10), keyOf(11), keyOf(12)], ['1', '0', '-', '=', '']);
	assert.equal(moved(0, 'ArrowRight', 10, 4), 1);
	assert.equal(moved(0, 'ArrowLeft', 10, 4), 0);
	assert.equal(moved(1, 'ArrowDown', 10, 4), 5);
	assert.equal(moved(7, 'ArrowDown', 10, 4), 7);
	assert.equal(moved(5, 'ArrowUp', 10, 4), 1);
	assert.equal(moved(5, 'End', 10, 4), 9);
	assert.equal(moved(5, 'Home', 10, 4), 0);
});
