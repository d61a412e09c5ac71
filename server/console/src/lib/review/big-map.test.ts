import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planeAt } from '../geo/projection.ts';
import { around, boxOf, circle, featuresOf } from './big-map.ts';

const KEDIRI = { lat_e7: -78_166_000, lon_e7: 1_120_114_000, accuracy_cm: 1_250 };

test('a circle is as wide on the ground as the pin is sure, all around', () => {
	const plane = planeAt([KEDIRI.lon_e7 / 1e7, KEDIRI.lat_e7 / 1e7]);
	const ring = circle(KEDIRI);
	for (const corner of ring) {
		const { x, y } = plane(corner);
		assert.ok(Math.abs(Math.hypot(x, y) - 12.5) < 0.01, `${Math.hypot(x, y)} m`);
	}
	assert.deepEqual(ring[0], ring.at(-1), 'a ring ends where it begins');
});

test('what is shown holds every pin, but no circle of a kilometre', () => {
	const far = { ...KEDIRI, lat_e7: KEDIRI.lat_e7 - 30_000, accuracy_cm: 500_000 };
	const box = around([KEDIRI, far]);
	assert.ok(box !== null);
	const [south, west, north, east] = box;
	assert.ok(south < far.lat_e7 && north > KEDIRI.lat_e7 && west < KEDIRI.lon_e7 && east > KEDIRI.lon_e7);
	assert.ok(far.lat_e7 - south < 20_000);
	assert.equal(around([]), null);
});

test('a village without a boundary has no box', () => {
	assert.equal(boxOf([]), null);
	assert.deepEqual(boxOf([[[112, -8], [112.5, -7.5], [112, -8]]]), [-80_000_000, 1_120_000_000, -75_000_000, 1_125_000_000]);
});

test('the full map draws what the small one does: each earlier pin, its circle and the way to it, and how long the last way is', () => {
	const last = { ...KEDIRI, lon_e7: KEDIRI.lon_e7 + 4_000 };
	const first = { ...KEDIRI, lat_e7: KEDIRI.lat_e7 - 2_000 };
	const drawn = featuresOf(KEDIRI, [last, first]);
	assert.deepEqual(
		Object.entries(drawn).map(([name, features]) => [name, features.length]),
		[
			['pin', 1],
			['range', 1],
			['old', 2],
			['oldRanges', 2],
			['ways', 2],
			['length', 1],
		],
	);
	const [at] = drawn.length;
	assert.ok(at?.geometry.type === 'Point');
	assert.deepEqual(
		at.geometry.coordinates.map((degrees) => Math.round(degrees * 1e7)),
		[1_120_116_000, -78_166_000],
	);
	assert.deepEqual(drawn.ways[1]?.geometry.coordinates, [
		[112.0114, -7.8168],
		[112.0114, -7.8166],
	]);
	assert.deepEqual(featuresOf(KEDIRI, []).length, []);
});
