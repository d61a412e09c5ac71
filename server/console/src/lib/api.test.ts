import assert from 'node:assert/strict';
import { test } from 'node:test';

import { api, newEvent, OfflineError, onSignedOut, ProblemError, told } from './api.ts';

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

test('a 401 to what was sent before somebody came in again ends no session', async () => {
	let ended = 0;
	const stop = onSignedOut(() => (ended += 1));
	const baseUrl = 'http://127.0.0.1';
	const no = (): Response => Response.json({ code: 'not_signed_in', title: '', status: 401 }, { status: 401 });
	const late = Promise.withResolvers<Response>();
	const asked = api.GET('/v1/tasks', { baseUrl, fetch: () => late.promise });
	await api.GET('/v1/me', { baseUrl, fetch: () => Promise.resolve(Response.json({})) });
	late.resolve(no());
	await asked;
	assert.equal(ended, 0);
	await api.GET('/v1/tasks', { baseUrl, fetch: () => Promise.resolve(no()) });
	assert.equal(ended, 1);
	stop();
});
