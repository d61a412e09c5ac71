import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onwards } from './onwards.ts';

const HERE = 'https://tilik.example';

test('a path of this site is kept with its query', () => {
	assert.equal(onwards('/kasus?state=open#a', HERE), '/kasus?state=open#a');
});

test('nothing else is followed', () => {
	for (const text of [null, '', 'kasus', '//evil.example', '/\\evil.example', '/\t/evil.example', 'https://evil.example', '/masuk', '/.//evil.example']) {
		assert.equal(onwards(text, HERE), null, String(text));
	}
});
