import assert from 'node:assert/strict';
import { test } from 'node:test';

import { earlierPins, judged, mainPhotos, shotsOf, type CaseView, type PhotoView, type VisitView } from './evidence.ts';
import { isOld, meaningOf, waitAfter } from './outbox.ts';
import { extended, plan } from './queue.ts';

function photo(id: string, kind: PhotoView['kind'] = 'house_front', state = 'ready'): PhotoView {
	return { id, kind, state, taken_at: '2026-11-24T03:00:00Z', width: 1600, height: 1200 };
}

function visit(id: string, photos: PhotoView[]): VisitView {
	return { id, kind: 'full', officer: 'o', captured_at: '', received_at: '', photos, answers: [], flags: [] };
}

function view(id: string, visits: VisitView[], earlier: PhotoView[] = []): CaseView {
	return {
		id,
		state: 'submitted',
		version: 1,
		kind: 'full',
		region: '35.71.03.1009',
		house: 'h',
		family: { id: 'f', name: '', address: '', rt: '', rw: '', region: '35.71.03.1009', kk_masked: '', persons: [] },
		current_visit: visits[0]?.id ?? null,
		visits,
		earlier_pins: [],
		earlier_photos: earlier,
		memberships: [],
	};
}

test('the front comes first and stands beside the front of before', () => {
	const shots = shotsOf(view('c', [visit('v', [photo('in', 'house_inside'), photo('front')])], [photo('old'), photo('card', 'family_card')]));
	assert.deepEqual(
		shots.map((shot) => [shot.photo.id, shot.era, shot.beside?.photo.id]),
		[
			['front', 'now', 'old'],
			['in', 'now', 'front'],
			['card', 'earlier', 'front'],
		],
	);
	assert.deepEqual(mainPhotos(shots).map(({ id }) => id), ['front', 'old']);
});

test('a returned visit is what the new one is compared with, without the photos that were kept', () => {
	const kept = photo('kept', 'house_inside');
	const shots = shotsOf(view('c', [visit('new', [photo('n'), kept]), visit('returned', [photo('r'), kept])]));
	assert.deepEqual(shots.map(({ photo: { id }, beside }) => [id, beside?.photo.id]), [
		['n', 'r'],
		['kept', 'n'],
	]);
});

test('a case without photos has nothing to wait for', () => {
	const bare = view('c', []);
	assert.equal(judged(bare), undefined);
	assert.deepEqual(mainPhotos(shotsOf(bare)), []);
});

test('what is loaded: main and small ones of now and next, small ones after, then the other large ones', () => {
	const held = ['a', 'b', 'c', 'd'].map((id) =>
		view(id, [visit(`v${id}`, [photo(`${id}1`), photo(`${id}2`, 'house_inside')])], [photo(`${id}0`)]),
	);
	assert.equal(
		plan(held, false)
			.map((want) => `${want.photo}/${want.side}`)
			.join(' '),
		'a1/1600 a0/1600 a1/320 a2/320 b1/1600 b0/1600 b1/320 b2/320 c1/320 c2/320 a2/1600 c1/1600 c0/1600',
	);
	assert.equal(plan(held, true).some((want) => want.case === 'c'), false);
});

test('the pin of the visit itself is not one from before', () => {
	const pin = { lat_e7: -78186590, lon_e7: 1120034020, accuracy_cm: 500 };
	const own = { ...visit('v', []), captured_at: '2026-11-24T03:00:00.5Z', pin: { ...pin, source: 'gnss', mock: false } };
	const before = { ...pin, taken_at: '2026-05-12T03:00:00Z' };
	const pins = [{ ...pin, taken_at: '2026-11-24T03:00:00.500Z' }, before];
	assert.deepEqual(earlierPins({ ...view('c', [own]), earlier_pins: pins }), [before]);
});

test('a photo without copies is not asked for', () => {
	const held = [view('a', [visit('v', [photo('a1', 'house_front', 'received')])])];
	assert.deepEqual(plan(held, false), []);
});

test('a claim only adds what is new', () => {
	const [a, b, c] = ['a', 'b', 'c'].map((id) => view(id, []));
	assert.ok(a && b && c);
	assert.deepEqual(extended([a], [a, b, c], new Set(['b'])).map(({ id }) => id), ['a', 'c']);
});

test('five tries over a minute, later when the server asks for it', () => {
	const waits = [1, 2, 3, 4].map((tries) => waitAfter(tries));
	assert.equal(waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0), 60_000);
	assert.equal(waitAfter(5), null);
	assert.equal(waitAfter(1, 30), 30_000);
});

test('only what nobody knows the end of is sent again', () => {
	assert.equal(meaningOf(null), 'later');
	assert.equal(meaningOf(503), 'later');
	assert.equal(meaningOf(429), 'later');
	assert.equal(meaningOf(401), 'signed_out');
	for (const status of [403, 404, 409, 422]) assert.equal(meaningOf(status), 'refused');
});

test('nothing is kept longer than a day', () => {
	assert.equal(isOld({ at: 0 }, 86_400_000), false);
	assert.equal(isOld({ at: 0 }, 86_400_001), true);
});
