import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Watch } from './watch.ts';

function watched() {
	let now = 1_000;
	return { watch: new Watch(() => now), pass: (ms: number) => (now += ms) };
}

test('a house counts as long as it is on the screen, in several looks', () => {
	const { watch, pass } = watched();
	assert.equal(watch.shownMs('a'), 0);
	watch.turn('a', true);
	pass(700);
	watch.turn('a', true);
	pass(300);
	watch.turn('a', false);
	pass(5_000);
	assert.equal(watch.shownMs('a'), 1_000);
	watch.turn('a', true);
	pass(250.9);
	assert.equal(watch.shownMs('a'), 1_250);
	assert.equal(watch.shownMs('b'), 0);
});

test('nobody looks at a page that is hidden', () => {
	const { watch, pass } = watched();
	watch.turn('a', true);
	pass(400);
	watch.hide(true);
	pass(60_000);
	watch.turn('b', true);
	assert.equal(watch.shownMs('a'), 400);
	watch.hide(false);
	pass(100);
	assert.equal(watch.shownMs('a'), 500);
	assert.equal(watch.shownMs('b'), 100);
	watch.hide(true);
	pass(10);
	watch.turn('a', false);
	watch.hide(false);
	pass(10);
	assert.equal(watch.shownMs('a'), 500);
});
