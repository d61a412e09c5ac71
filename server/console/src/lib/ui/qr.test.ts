import assert from 'node:assert/strict';
import { test } from 'node:test';

import read from 'jsqr';

import { drawing, enrolmentText, QUIET } from './qr.ts';

/** What another program reads in the path, drawn with `scale` pixels a module. */
function seen({ side, path }: { side: number; path: string }, scale: number): string | undefined {
	const wide = side * scale;
	const pixels = new Uint8ClampedArray(wide * wide * 4).fill(255);
	for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
		for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) {
			for (let column = Number(x) * scale; column < (Number(x) + Number(length)) * scale; column += 1) {
				pixels.fill(0, (row * wide + column) * 4, (row * wide + column) * 4 + 3);
			}
		}
	}
	return read(pixels, wide, wide)?.data;
}

test('another program reads in the code what was put in', () => {
	const texts = [
		enrolmentText('https://tilik.kedirikota.go.id', 'ABCDE23456'),
		enrolmentText(`https://${'a'.repeat(60)}.${'b'.repeat(60)}.go.id:8443`, 'ZYXWV87654'),
		'otpauth://totp/Tilik:kepala?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tilik&algorithm=SHA1&digits=6&period=30',
		'Łódź, “kutipan”, 🙂',
	];
	for (const text of texts) for (const scale of [2, 3, 8]) assert.equal(seen(drawing(text), scale), text);
});

test('a code has light around it on all sides', () => {
	const { side, path } = drawing('tilik');
	for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
		assert.ok(Number(x) >= QUIET && Number(y) >= QUIET && Number(y) < side - QUIET && Number(x) + Number(length) <= side - QUIET);
	}
});

test('an enrolment slip says what the phone reads', () => {
	// The same text stands in the tests of the protocol, from the phone's side.
	assert.equal(enrolmentText('https://tilik.example', 'ABCDE23456'), 'tilik enrol v1\nhttps://tilik.example\nABCDE23456');
});
