import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { audit } from '../texts/audit.ts';

const STORE = new URL('../../../../src/store/', import.meta.url);

test('every act that the server writes into the journal has words, and can be chosen', () => {
	const acts = new Set<string>();
	for (const name of readdirSync(STORE, { recursive: true, encoding: 'utf8' })) {
		if (!name.endsWith('.rs')) continue;
		const [source = ''] = readFileSync(new URL(name, STORE), 'utf8').split('#[cfg(test)]');
		for (const [, act] of source.matchAll(/Entry::new\(\s*"([^"]+)"/g)) if (act !== undefined) acts.add(act);
	}
	assert.ok(acts.size > 40, 'the acts are found');
	assert.deepEqual([...acts].filter((act) => !Object.hasOwn(audit.actions, act)), []);
});
