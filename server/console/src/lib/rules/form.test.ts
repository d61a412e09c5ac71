import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bodyOf, typedOf, type RuleBody } from './form.ts';

const body: RuleBody = {
	title: 'PKH',
	source: 'Kepmensos 79/HUK/2025',
	decile: { max: 4, source: 'Kepmensos 79/HUK/2025' },
	components: { at_least: 1, source: 'Permensos 1/2018', any_of: [] },
	exclusions: [
		{ code: 'GANDA', label: 'Ganda', evidence: 'catatan', source: 'kota', whole_family: true },
		{ code: 'MENINGGAL', label: 'Meninggal', evidence: 'akta', source: 'kota', whole_family: false },
	],
};

test('what was not touched comes back as it was', () => {
	assert.deepEqual(bodyOf(body, typedOf(body)), { body, own: [] });
});

test('a threshold that is no number is named before anything is sent', () => {
	const typed = { ...typedOf(body), max: 'empat' };
	assert.deepEqual(bodyOf(body, typed).own.map(({ field }) => field), ['body.decile.max']);
});

test('an empty threshold is left to the server, which names the field', () => {
	const sent = bodyOf(body, { ...typedOf(body), max: '' });
	assert.deepEqual(sent.own, []);
	assert.equal(sent.body.decile?.max, undefined);
});

test('a part that is taken out is gone, and an exclusion that is not chosen too', () => {
	const typed = { ...typedOf(body), decile: false, components: false, exclusions: ['MENINGGAL'] };
	const sent = bodyOf(body, typed).body;
	assert.equal(sent.decile, undefined);
	assert.equal(sent.components, undefined);
	assert.deepEqual(sent.exclusions?.map(({ code }) => code), ['MENINGGAL']);
});
