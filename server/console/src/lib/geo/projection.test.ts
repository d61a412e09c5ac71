import assert from 'node:assert/strict';
import { test } from 'node:test';

import { directionOf, distance, drawn, frameOf, pathOf, planeAt, ringsOf, scaleBar } from './projection.ts';

const KEDIRI = [112.016115, -7.826362] as const;

test('metres by the sphere: a thousandth of a degree', () => {
	const plane = planeAt(KEDIRI);
	const origin = plane(KEDIRI);
	assert.deepEqual(origin, { x: 0, y: 0 });
	const north = plane([KEDIRI[0], KEDIRI[1] + 0.001]);
	const east = plane([KEDIRI[0] + 0.001, KEDIRI[1]]);
	assert.ok(Math.abs(north.y - 111.195) < 0.01);
	assert.ok(Math.abs(east.x - 111.195 * Math.cos((7.826362 * Math.PI) / 180)) < 0.01);
	assert.ok(Math.abs(distance(north, east) - Math.hypot(north.y, east.x)) < 1e-9);
});

test('directions go round from north by east', () => {
	const from = [100, 0] as const;
	const steps: [number, number, number][] = [
		[1, 0, 0],
		[1, 1, 1],
		[0, 1, 2],
		[-1, 1, 3],
		[-1, 0, 4],
		[-1, -1, 5],
		[0, -1, 6],
		[1, -1, 7],
		[1, -0.1, 0],
	];
	for (const [lat, lon, direction] of steps) {
		assert.equal(directionOf(from, [100 + lon / 1e4, lat / 1e4]), direction);
	}
});

test('a whole city’s corners fit a frame', () => {
	const shown = Array.from({ length: 300_000 }, (_, n) => ({ x: n % 1_000, y: -n / 1_000, radius: 0 }));
	assert.ok(frameOf(shown, 408, 128, 24, 60).metresPerPixel > 0);
});

test('everything is in the frame, north up', () => {
	const shown = [
		{ x: 0, y: 0, radius: 10 },
		{ x: 300, y: -40, radius: 25 },
	];
	const frame = frameOf(shown, 408, 128, 24, 60);
	for (const point of shown) {
		const { x, y } = drawn(frame, point);
		const radius = point.radius / frame.metresPerPixel;
		assert.ok(x - radius >= 23.9 && x + radius <= 384.1);
		assert.ok(y - radius >= 23.9 && y + radius <= 104.1);
	}
	assert.ok(drawn(frame, { x: 0, y: 10 }).y < drawn(frame, { x: 0, y: 0 }).y);
	assert.ok(drawn(frame, { x: 10, y: 0 }).x > drawn(frame, { x: 0, y: 0 }).x);
});

test('a lone precise pin is not blown up past what a pin can tell', () => {
	const frame = frameOf([{ x: 0, y: 0, radius: 1 }], 408, 128, 24, 60);
	assert.equal(frame.metresPerPixel, 60 / 128);
});

test('rings of both shapes, and none of nonsense', () => {
	const ring = [
		[112, -7],
		[112.1, -7],
		[112.1, -7.1],
		[112, -7],
	];
	assert.deepEqual(ringsOf({ type: 'Polygon', coordinates: [ring] }), [ring]);
	assert.equal(ringsOf({ type: 'MultiPolygon', coordinates: [[ring], [ring, ring]] }).length, 3);
	assert.deepEqual(ringsOf({ type: 'Point', coordinates: [112, -7] }), []);
	assert.deepEqual(ringsOf(null), []);
	assert.deepEqual(ringsOf({ type: 'Polygon', coordinates: [[['a', null], 3]] }), []);
});

test('a path closes each ring', () => {
	const frame = { middle: { x: 0, y: 0 }, metresPerPixel: 1, width: 20, height: 20 };
	const ring = [
		{ x: 0, y: 0 },
		{ x: 5, y: 0 },
		{ x: 5, y: 5 },
	];
	assert.equal(pathOf([ring, ring], frame), 'M10.0 10.0L15.0 10.0L15.0 5.0ZM10.0 10.0L15.0 10.0L15.0 5.0Z');
});

test('the bar has a round length that fits', () => {
	assert.deepEqual(scaleBar(1, 80), { metres: 50, pixels: 50 });
	assert.deepEqual(scaleBar(0.3, 80), { metres: 20, pixels: 20 / 0.3 });
	assert.deepEqual(scaleBar(30, 80), { metres: 2000, pixels: 2000 / 30 });
});
