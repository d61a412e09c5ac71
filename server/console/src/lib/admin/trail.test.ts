import assert from 'node:assert/strict';
import { test } from 'node:test';

import { details, isDay, isoWib, shortId, span, thing } from './trail.ts';

const ID = '01a21e7d-81a6-77e3-bd0d-06a8655e6898';

test('an object is told apart and leads to its page where it has one', () => {
	assert.deepEqual(thing(`case:${ID}`), { kind: 'case', id: ID, href: `/kasus/${ID}` });
	assert.equal(thing(`family:${ID}`).href, `/penerima/${ID}`);
	assert.deepEqual(thing('quota:PKH:35.71.03.1009'), { kind: 'quota', id: 'PKH:35.71.03.1009', href: null });
	assert.equal(thing(`photo:${ID}`).href, null);
});

test('an object of another shape makes no link', () => {
	assert.equal(thing('case:../../masuk').href, null);
	assert.equal(thing(`constructor:${ID}`).href, null);
	assert.deepEqual(thing('aneh'), { kind: '', id: 'aneh', href: null });
});

test('ids are shortened to the part that differs, and times are the region\'s', () => {
	assert.equal(shortId(ID), '655e6898');
	assert.equal(shortId('PKH'), 'PKH');
	assert.equal(isoWib('2026-11-24T18:05:09.123456Z'), '2026-11-25T01:05:09+07:00');
});

test('a span of days begins with the first moment of one and ends with the last of the other, in the region\'s time', () => {
	const day = span('2026-11-24', '2026-11-24');
	assert.equal(Date.parse(day.since ?? ''), Date.parse('2026-11-23T17:00:00Z'));
	assert.equal(day.until, '2026-11-24T17:00:00.000Z');
	assert.deepEqual(span('', ''), {});
	assert.deepEqual(Object.keys(span('', '2026-12-31')), ['until']);
	assert.equal(span('', '2026-12-31').until, '2026-12-31T17:00:00.000Z');
});

test('a day of an address that does not exist is none', () => {
	assert.ok(isDay('2028-02-29'));
	for (const text of ['', '2026-02-29', '24/11/2026', '2026-11-24T00:00', 'kemarin']) assert.ok(!isDay(text), text);
});

test('a body is told fact by fact', () => {
	assert.deepEqual(details({ from: 'submitted', n: 2, none: null, list: [], pair: { a: 1 } }), [
		{ key: 'from', value: 'submitted' },
		{ key: 'n', value: '2' },
		{ key: 'pair', value: '{"a":1}' },
	]);
	assert.deepEqual(details({ n: 10_000, body: { reasons: [{ code: 'A', target: 'pin' }, { code: 'B' }], event_id: 'e' } }), [
		{ key: 'n', value: '10.000' },
		{ key: 'reasons', value: 'A, B' },
	]);
	assert.deepEqual(details(null), []);
});
