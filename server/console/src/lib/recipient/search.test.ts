import assert from 'node:assert/strict';
import { test } from 'node:test';

import { marked } from './search.ts';

function shown(text: string, sought: string): string {
	return marked(text, sought)
		.map((part) => (part.isHit ? `[${part.text}]` : part.text))
		.join('');
}

test('what was looked for is marked wherever it stands', () => {
	assert.equal(shown('ZAINAL ABIDIN', 'zainal'), '[ZAINAL] ABIDIN');
	assert.equal(shown('Siti  Zainal', ' siti zai '), '[Siti  Zai]nal');
	assert.equal(shown('ANA DIANA', 'ana'), '[ANA] DI[ANA]');
	assert.equal(shown('JL. MELATI (A) NO 1', '(a) no'), 'JL. MELATI [(A) NO] 1');
	assert.equal(shown('ABDUL', 'zainal'), 'ABDUL');
	assert.equal(shown('ABDUL', ''), 'ABDUL');
});
