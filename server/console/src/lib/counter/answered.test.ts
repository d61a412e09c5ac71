import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dismissed } from './answered.ts';
import { hand, take } from './not-found.ts';

const membership = { id: 'm', program: 'PKH', family: 'f', region: '35.71.03.1009', state: 'inactive' } as const;
const decision = { case: 'c', outcome: 'ineligible', confirmed_at: '2026-11-10T03:00:00Z' } as const;
const answer = { id: 'a', membership: 'm', state: 'dismissed', filed_at: '2026-11-12T03:00:00Z' } as const;

test('a dismissed appeal is the answer to the end that it was filed against', () => {
	assert.equal(dismissed({ membership, decision }, [answer])?.id, 'a');
	assert.equal(dismissed({ membership }, [answer])?.id, 'a');
	// The place came back and ended again meanwhile.
	assert.equal(dismissed({ membership, decision }, [{ ...answer, filed_at: '2026-03-12T03:00:00Z' }]), undefined);
});

test('neither another place, nor one that is held, nor an appeal that was withdrawn or upheld has that answer', () => {
	assert.equal(dismissed({ membership, decision }, [{ ...answer, membership: 'n' }]), undefined);
	assert.equal(dismissed({ membership: { ...membership, state: 'active' }, decision }, [answer]), undefined);
	assert.equal(dismissed({ membership, decision }, [{ ...answer, state: 'withdrawn' }, { ...answer, state: 'upheld' }]), undefined);
});

test('a number that was not found is handed on once', () => {
	hand('3571035205900001');
	assert.deepEqual([take(), take()], ['3571035205900001', '']);
});
