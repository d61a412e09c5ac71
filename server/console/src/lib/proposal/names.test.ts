import assert from 'node:assert/strict';
import { test } from 'node:test';

import { resultsOf, tally, type Name } from './names.ts';

const name = (more: Partial<Name>): Name => ({ proposal: 'p', name: 'SITI', about: '', onList: true, said: '', reason: '', ...more });

test('what is not on the list is not sent, and a reason only with a refusal', () => {
	const names = [
		name({ proposal: 'a', said: 'agreed', reason: 'DINILAI_MAMPU' }),
		name({ proposal: 'b', said: 'refused', reason: 'DINILAI_MAMPU' }),
		name({ proposal: 'c', onList: false, said: 'agreed' }),
		name({ proposal: 'd' }),
	];
	assert.deepEqual(resultsOf(names), [
		{ proposal: 'a', said: 'agreed' },
		{ proposal: 'b', said: 'refused', reason: 'DINILAI_MAMPU' },
		{ proposal: 'd' },
	]);
});

test('names without a result are neither agreed nor refused', () => {
	assert.deepEqual(tally([{ said: 'agreed' }, {}, { said: 'refused' }, { said: 'agreed' }]), { agreed: 2, refused: 1 });
});
