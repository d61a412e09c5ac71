import assert from 'node:assert/strict';
import { test } from 'node:test';

import { OfflineError, ProblemError, type Schemas } from '#lib/api.ts';

import { Acting, finish, taskOf, type Step } from './batch.ts';
import { caseView, membership } from './sample.ts';

const two = caseView({ memberships: [membership('a'), membership('b')] });

function problem(status: number, code: Schemas['ProblemCode']): ProblemError {
	return new ProblemError({ type: '', title: '', detail: '', status, code, request_id: '' });
}

/** A server that raises the version with each act, and fails first with what it is given. */
function server(failures: unknown[] = []) {
	const sent: Step[] = [];
	const send = (_: string, step: Step) => {
		sent.push(step);
		const failure = failures.shift();
		if (failure) return Promise.reject(failure);
		return Promise.resolve({ ...two, version: step.seen_version + 1 });
	};
	return { sent, send };
}

test('each membership is an act of its own, on the version the act before left', async () => {
	const { sent, send } = server();
	const { task, stop } = await finish(taskOf({ view: two, memberships: ['a', 'b'] }), send);
	assert.equal(stop, null);
	assert.equal(task.state, 'done');
	assert.equal(task.after.version, 6);
	assert.deepEqual(
		sent.map((step) => [step.membership, step.seen_version]),
		[
			['a', 4],
			['b', 5],
		],
	);
	assert.notEqual(sent[0]?.event_id, sent[1]?.event_id);
});

test('a lost answer stops the run, and going on sends the same event again', async () => {
	const { sent, send } = server([null, new OfflineError(null)]);
	const first = await finish(taskOf({ view: two, memberships: ['a', 'b'] }), send);
	assert.ok(first.stop instanceof OfflineError);
	assert.deepEqual(first.task.left, ['b']);
	const again = await finish(first.task, send);
	assert.equal(again.task.state, 'done');
	assert.deepEqual(sent[2], sent[1]);
});

test('a refusal ends the case and not the run', async () => {
	const { sent, send } = server([problem(403, 'separation_of_duty')]);
	const { task, stop } = await finish(taskOf({ view: two, memberships: ['a', 'b'] }), send);
	assert.equal(stop, null);
	assert.equal(task.state, 'failed');
	assert.equal(sent.length, 1);
});

test('signed out and overloaded may be repeated', async () => {
	for (const failure of [problem(401, 'session_ended'), problem(429, 'too_many_requests'), problem(503, 'unavailable')]) {
		const { send } = server([failure]);
		const { stop } = await finish(taskOf({ view: two, memberships: ['a'] }), send);
		assert.equal(stop, failure);
	}
});

test('the same act goes on where it stopped, another begins anew', async () => {
	const { sent, send } = server([null, new OfflineError(null), new OfflineError(null)]);
	const acting = new Acting();
	const job = { view: two, memberships: ['a', 'b'] };
	await assert.rejects(acting.run(job, { reason: 'GANDA' }, send), OfflineError);
	await assert.rejects(acting.run(job, { reason: 'GANDA' }, send), OfflineError);
	assert.equal(sent[2]?.event_id, sent[1]?.event_id);
	const after = await acting.run(job, { reason: 'MENOLAK' }, send);
	assert.equal(after.version, 6);
	assert.equal(sent[3]?.membership, 'a');
	assert.notEqual(sent[3]?.event_id, sent[0]?.event_id);
});
