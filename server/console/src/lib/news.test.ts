import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newsFor, untold } from './news.ts';
import { EXCLUSION_REASONS } from './reasons.ts';
import { NEWEST } from './texts/news.ts';
import { RELEASES, type Release } from './texts/releases.ts';

const releases: readonly Release[] = [
	{ version: '3', day: '2027-01-01', items: [{ roles: ['admin'], title: 'c', text: '' }] },
	{ version: '2', day: '2026-12-01', items: [{ roles: ['admin', 'operator'], title: 'b', text: '' }] },
	{ version: '1', day: '2026-11-01', items: [{ roles: ['auditor'], title: 'a', text: '' }] },
];

function titles(roles: ('admin' | 'operator' | 'auditor')[], seen: { role: 'admin' | 'operator'; version: string }[]): string {
	return untold(releases, roles, seen)
		.flatMap(({ items }) => items.map(({ title }) => title))
		.join('');
}

test('what is new is told once per version and role', () => {
	assert.equal(titles(['admin'], []), 'cb');
	assert.equal(titles(['admin'], [{ role: 'admin', version: '2' }]), 'c');
	assert.equal(titles(['admin'], [{ role: 'admin', version: '3' }]), '');
	// A role that came later is told what the other was told before.
	assert.equal(titles(['admin', 'operator'], [{ role: 'admin', version: '3' }]), 'b');
	assert.equal(titles([], []), '');
});

test('a version that this console does not know is a newer one', () => {
	assert.equal(titles(['admin'], [{ role: 'admin', version: '9' }]), '');
});

test('everything that concerns a role can be read again', () => {
	assert.deepEqual(
		newsFor(releases, ['operator', 'auditor']).map(({ release }) => release.version),
		['2', '1'],
	);
});

test('versions are ones that the server takes, each once', () => {
	const versions = RELEASES.map(({ version }) => version);
	assert.equal(versions[0], NEWEST);
	assert.equal(new Set(versions).size, versions.length);
	for (const version of versions) assert.match(version, /^[a-z0-9.-]{1,32}$/);
});

test('the digits that are said to have moved are those of the list; when it moves again a newer version says so', () => {
	const told = RELEASES.flatMap(({ items }) => items).find(({ title }) => title.startsWith('Tombol angka'))?.text ?? '';
	const moved = [...told.matchAll(/(\d) ([^,.]+)/g)].map(([, digit, label]) => [Number(digit), label]);
	const now = EXCLUSION_REASONS.slice(0, 10).map(({ label }, at) => [(at + 1) % 10, label]);
	assert.deepEqual(
		moved.filter(([, label]) => EXCLUSION_REASONS.some((reason) => reason.label === label)),
		[4, 5, 7, 8, 9].map((at) => now[at]),
	);
});
