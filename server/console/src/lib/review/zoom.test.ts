import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FITTED, fitted, flipped, fullScale, isZoomed, limited, mostScale, panned, zoomedAt } from './zoom.ts';

const pane = { width: 473, height: 389 };
const photo = { width: 1600, height: 1200 };

function isNear(a: number, b: number): boolean {
	return Math.abs(a - b) < 1e-9;
}

test('a photo fits its pane, lying or standing', () => {
	const { width, height } = fitted(pane, photo, 0);
	assert.ok(isNear(width, 473) && isNear(height, 473 * 0.75));
	const turned = fitted(pane, photo, 1);
	assert.ok(turned.height <= pane.width && turned.width <= pane.height + 1e-9);
	assert.deepEqual(fitted({ width: 0, height: 0 }, photo, 0), { width: 0, height: 0 });
});

test('full size is one pixel for one, and never smaller than fitting', () => {
	assert.equal(fullScale(1600, 400), 4);
	assert.equal(fullScale(200, 400), 1);
	assert.equal(mostScale(1), 4);
	assert.equal(mostScale(3.4), 6.8);
});

test('zooming keeps the point under the pointer', () => {
	const at = { x: 0.2, y: -0.1 };
	const zoom = zoomedAt({ scale: 2, x: 0.05, y: 0 }, 1.5, at);
	assert.equal(zoom.scale, 3);
	// Where the point lies on the photo, before and after.
	assert.ok(isNear((at.x - 0.05) / 2, (at.x - zoom.x) / 3));
	assert.ok(isNear(at.y / 2, (at.y - zoom.y) / 3));
});

test('a photo never leaves its pane', () => {
	const size = fitted(pane, photo, 0);
	const far = limited(panned({ scale: 2, x: 0, y: 0 }, 5, -5), pane, size, 8);
	assert.ok(isNear(far.x, 0.5));
	assert.ok(isNear(far.y, -(size.height * 2 - pane.height) / 2 / size.height));
	const small = limited({ scale: 0.4, x: 1, y: 1 }, pane, size, 8);
	assert.ok(small.scale === 1 && isNear(small.x, 0) && isNear(small.y, 0));
	assert.equal(limited({ scale: 99, x: 0, y: 0 }, pane, size, 8).scale, 8);
});

test('the key goes to full size and back', () => {
	assert.equal(flipped(FITTED, 3.4).scale, 3.4);
	assert.equal(flipped(FITTED, 1).scale, 2);
	assert.deepEqual(flipped({ scale: 3.4, x: 0.1, y: 0 }, 3.4), FITTED);
	assert.equal(isZoomed(FITTED), false);
});
