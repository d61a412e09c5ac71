import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
	boundsOf,
	directionOf,
	distanceM,
	fit,
	metresFrom,
	pathOf,
	placeOf,
	readOutline,
	scaleBar,
} from './projection.ts';

const kediri = { lat: -7.8166, lon: 112.0118 };

test('a degree of latitude is 111 km, one of longitude a little less this near the equator', () => {
	const flat = metresFrom(kediri);
	const north = flat({ lat: kediri.lat + 1, lon: kediri.lon });
	const east = flat({ lat: kediri.lat, lon: kediri.lon + 1 });
	assert.ok(Math.abs(north.y + 111_195) < 1 && north.x === 0);
	assert.ok(Math.abs(east.x - 110_162) < 5 && east.y === 0);
});

test('the distance is that of the sphere within a city', () => {
	const other = { lat: -7.8236, lon: 112.0218 };
	assert.ok(Math.abs(distanceM(kediri, other) - 1_348.9) < 1);
	assert.equal(distanceM(kediri, kediri), 0);
});

test('the server counts in ten-millionths', () => {
	assert.deepEqual(placeOf({ lat_e7: -78_166_000, lon_e7: 1_120_118_000 }), kediri);
});

test('directions go round from north by east', () => {
	const from = { lat: 0, lon: 100 };
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
		assert.equal(directionOf(from, { lat: lat / 1e4, lon: 100 + lon / 1e4 }), direction);
	}
});

test('bounds have a least size and hold every point', () => {
	assert.equal(boundsOf([]), null);
	assert.deepEqual(boundsOf([{ x: 3, y: 5 }], 10), { min: { x: -7, y: -5 }, max: { x: 13, y: 15 } });
	assert.deepEqual(boundsOf([{ x: -1, y: 0 }, { x: 9, y: 2 }], 2), { min: { x: -1, y: -1 }, max: { x: 9, y: 3 } });
});

test('what fits keeps its shape and stands in the middle', () => {
	const view = fit({ min: { x: -100, y: -50 }, max: { x: 100, y: 50 } }, 220, 400, 10);
	assert.equal(view.scale, 1);
	assert.deepEqual(view.at({ x: 0, y: 0 }), { x: 110, y: 200 });
	assert.deepEqual(view.at({ x: -100, y: -50 }), { x: 10, y: 150 });
});

test('a box with no room gives a picture of nothing and no error', () => {
	const view = fit({ min: { x: 0, y: 0 }, max: { x: 1, y: 1 } }, 10, 10, 12);
	assert.ok(view.scale > 0);
});

test('the scale bar is a round length that fits', () => {
	assert.deepEqual(scaleBar(1, 96), { metres: 50, pixels: 50 });
	assert.deepEqual(scaleBar(2, 100), { metres: 50, pixels: 100 });
	assert.deepEqual(scaleBar(0.02, 96), { metres: 2_000, pixels: 40 });
});

test('an outline is read from a polygon and from several, and nothing else', () => {
	const ring = [
		[112, -7],
		[113, -7],
		[113, -8],
		[112, -7],
	];
	const read = readOutline({ type: 'Polygon', coordinates: [ring] });
	assert.equal(read.length, 1);
	assert.deepEqual(read[0]?.[0]?.[0], { lat: -7, lon: 112 });
	assert.equal(readOutline({ type: 'MultiPolygon', coordinates: [[ring], [ring, ring]] }).length, 2);
	for (const odd of [null, 'x', {}, { type: 'Point', coordinates: [1, 2] }, { type: 'Polygon', coordinates: [[[1]]] }]) {
		assert.deepEqual(readOutline(odd), []);
	}
});

test('a path leaves out what cannot be seen', () => {
	const path = pathOf([
		[
			{ x: 0, y: 0 },
			{ x: 0.2, y: 0.1 },
			{ x: 10, y: 0 },
			{ x: 10, y: 10 },
		],
	]);
	assert.equal(path, 'M0.0 0.0L10.0 0.0L10.0 10.0Z');
});
