import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newEvent, OfflineError, ProblemError, told } from './api.ts';

test('an event is a UUID of version 7 of this moment', () => {
	const [a, b] = [newEvent(), newEvent()];
	assert.match(a, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.notEqual(a, b);
	const at = Number.parseInt(a.replaceAll('-', '').slice(0, 12), 16);
	assert.ok(Math.abs(at - Date.now()) < 5_000);
});

test('a body is handed out, a problem is thrown with its wait', async () => {
	assert.equal(await told(Promise.resolve({ data: 7, response: new Response('7') })), 7);
	const problem = { type: '', title: 'Tunggu', detail: '', status: 429, code: 'too_many_attempts', request_id: 'r' };
	const response = new Response(null, { status: 429, headers: { 'retry-after': '60' } });
	await assert.rejects(
		told(Promise.resolve({ error: problem, response })),
		(error) => error instanceof ProblemError && error.code === 'too_many_attempts' && error.retryAfterS === 60,
	);
});

test('what a proxy says is a problem too, and no connection is no problem', async () => {
	const gateway = Promise.resolve({ error: '<html>', response: new Response(null, { status: 502 }) });
	await assert.rejects(told(gateway), (error) => error instanceof ProblemError && error.code === 'unavailable');
	await assert.rejects(told(Promise.reject(new TypeError('fetch'))), OfflineError);
	await assert.rejects(told(Promise.reject(new DOMException('', 'AbortError'))), DOMException);
});
