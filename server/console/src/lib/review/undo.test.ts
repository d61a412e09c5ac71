import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canUndo, changed, MOST_RECENT, remembered, undoable, undoOf, type Recent } from './undo.ts';

function recent(event: string, at: number, change: Partial<Recent> = {}): Recent {
	return {
		entry: { event, case: `case-${event}`, act: 'accept', version: 1, marks: [], note: '', at },
		act: 'accept',
		name: 'Sukarmin',
		region: '35.71.03.1009',
		standing: 'done',
		version: 2,
		...change,
	};
}

test('twelve decisions are remembered, the newest first', () => {
	let list: readonly Recent[] = [];
	for (let n = 0; n < 14; n += 1) list = remembered(list, recent(String(n), n));
	assert.equal(list.length, MOST_RECENT);
	assert.equal(list[0]?.entry.event, '13');
	assert.equal(list.at(-1)?.entry.event, '2');
});

test('the key takes back the newest for ten seconds', () => {
	const list = [recent('b', 5_000), recent('a', 0)];
	assert.equal(undoable(list, 15_000)?.entry.event, 'b');
	assert.equal(undoable(list, 15_001), undefined);
});

test('after an undo the key goes on to the one before, and never past one that stands', () => {
	const list = [recent('b', 5_000), recent('a', 4_000)];
	assert.equal(undoable(changed(list, 'b', { standing: 'undone' }), 6_000)?.entry.event, 'a');
	assert.equal(undoable(changed(list, 'b', { standing: 'kept' }), 6_000), undefined);
	assert.equal(undoable(changed(list, 'b', { standing: 'undoing' }), 6_000), undefined);
});

test('each decision has its way back, and reopening none', () => {
	assert.equal(undoOf('accept'), 'withdraw');
	assert.equal(undoOf('agree-unreachable'), 'withdraw');
	assert.equal(undoOf('return'), 'take-back');
	assert.equal(undoOf('reopen'), null);
	assert.equal(canUndo(recent('a', 0, { act: 'reopen' })), false);
	assert.equal(undoable([recent('b', 5_000, { act: 'reopen' }), recent('a', 4_000)], 6_000), undefined);
});
