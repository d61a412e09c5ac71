import assert from 'node:assert/strict';
import { test } from 'node:test';

import { around, clusterIcon, featuresOf, frameOf, partsOf, pointIcon, readIcon, shortNumber } from './features.ts';

const ORDER = ['unvisited', 'submitted', 'cancelled'];

test('a ring has twelve parts, and no state that occurs is left out', () => {
	const parts = partsOf(
		[
			{ state: 'cancelled', families: 1 },
			{ state: 'unvisited', families: 5_000 },
			{ state: 'submitted', families: 0 },
		],
		ORDER,
	);
	assert.equal(parts.length, 12);
	assert.deepEqual(parts.filter((part) => part !== 'unvisited'), ['cancelled']);
	assert.equal(parts[0], 'unvisited');
	assert.deepEqual(partsOf([], ORDER), []);
});

test('the name of a picture says what it shows', () => {
	const name = clusterIcon([{ state: 'submitted', families: 3 }], '3', ORDER);
	assert.deepEqual(readIcon(name), { kind: 'cluster', label: '3', parts: Array.from({ length: 12 }, () => 'submitted') });
	assert.deepEqual(readIcon(pointIcon('cancelled', false)), { kind: 'point', pinned: false, state: 'cancelled' });
	assert.equal(readIcon('lain'), null);
});

test('clusters carry their number and houses their family', () => {
	const view = {
		families: 3,
		clusters: [{ lat_e7: -78_000_000, lon_e7: 1_120_000_000, families: 2, states: [{ state: 'submitted' as const, families: 2 }] }],
		points: [{ family: 'f', state: 'unvisited' as const, lat_e7: 0, lon_e7: 0, pinned: true }],
	};
	const [cluster, point] = featuresOf(view, String, ORDER);
	assert.deepEqual(cluster?.geometry.coordinates, [112, -7.8]);
	assert.equal(cluster?.properties['families'], 2);
	assert.equal(point?.properties['family'], 'f');
});

test('boxes are put together, and what has none is left out', () => {
	assert.equal(around([null, undefined]), null);
	assert.deepEqual(around([[1, 2, 3, 4], null, [0, 3, 2, 9]]), [0, 2, 3, 9]);
});

test('a box asked for lies on the earth and is never empty', () => {
	assert.deepEqual(frameOf(-100, -200, 100, 200), { south: -900_000_000, west: -1_800_000_000, north: 900_000_000, east: 1_800_000_000 });
	const none = frameOf(1, 1, 1, 1);
	assert.ok(none.north > none.south && none.east > none.west);
});

test('large numbers are short', () => {
	const short = (n: number) => shortNumber(n, (one) => String(one).replace('.', ','), (one) => `${one} rb`);
	assert.deepEqual([999, 1_000, 1_249, 9_949, 9_950, 33_632].map(short), ['999', '1 rb', '1,2 rb', '9,9 rb', '10 rb', '34 rb']);
});
