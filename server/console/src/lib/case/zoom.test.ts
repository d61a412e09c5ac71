import assert from 'node:assert/strict';
import { test } from 'node:test';

import { centred, FITTED, fitted, held, stepped, turned } from './zoom.ts';

const photo = { width: 1600, height: 1200 };
const stage = { width: 800, height: 400 };

test('a photo fits its stage, lying or standing', () => {
	assert.deepEqual(fitted(photo, stage, 0), { width: 1600 * (400 / 1200), height: 400 });
	// Turned, its long side stands: 1600 px in 400.
	assert.deepEqual(fitted(photo, stage, 1), { width: 400, height: 300 });
	assert.deepEqual(fitted({ width: 0, height: 0 }, stage, 0), { width: 0, height: 0 });
});

test('a fitted photo cannot be moved, a near one only to its edge', () => {
	assert.deepEqual(held({ ...FITTED, x: 50, y: -50 }, photo, stage), FITTED);
	const near = held({ ...FITTED, zoom: 2, x: 10_000, y: -10_000 }, photo, stage);
	assert.equal(Math.round(near.x), 133);
	assert.equal(near.y, -200);
});

test('steps go up and down and end', () => {
	assert.equal(stepped(FITTED, true).zoom, 1.5);
	assert.equal(stepped({ ...FITTED, zoom: 6 }, true).zoom, 6);
	assert.equal(stepped(FITTED, false).zoom, 1);
	// What is in the middle stays in the middle.
	assert.deepEqual(stepped({ ...FITTED, zoom: 2, x: 40 }, true), { zoom: 3, turns: 0, x: 60, y: 0 });
});

test('a click brings its place to the middle, closer when all was to be seen', () => {
	assert.deepEqual(centred(FITTED, 100, -20), { zoom: 2, turns: 0, x: -200, y: 40 });
	assert.deepEqual(centred({ ...FITTED, zoom: 2, x: 5 }, 10, 0), { zoom: 2, turns: 0, x: -5, y: 0 });
});

test('four quarters are none', () => {
	assert.deepEqual(turned(turned(turned(turned({ ...FITTED, zoom: 3, x: 9 })))), FITTED);
});
