import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bodyOf, codeOf, moreExclusions, newComponent, newCriterion, newExclusion, typedOf, type RuleBody } from './form.ts';

const body: RuleBody = {
	title: 'PKH',
	source: 'Kepmensos 79/HUK/2025',
	decile: { max: 4, source: 'Kepmensos 79/HUK/2025' },
	poverty: {
		id: '262-2022',
		source: 'Kepmensos 262/HUK/2022',
		q0_short_circuit: true,
		min_hits: 3,
		criteria: [
			{ id: 'Q0', poor: 'Tidak punya rumah', any_of: [{ question: 'shelter', is: ['no'] }] },
			{
				id: 'Q8',
				poor: 'Listrik 450 VA',
				any_of: [
					{ question: 'light', is: ['4'] },
					{ question: 'power', is: ['450'] },
				],
			},
		],
	},
	components: {
		at_least: 1,
		source: 'Permensos 1/2018',
		any_of: [
			{ code: 'LANSIA', label: 'Lansia', ages: { from: 60, to: 130 }, recorded: false },
			{ code: 'DISABILITAS', label: 'Disabilitas', recorded: true },
		],
	},
	exclusions: [
		{ code: 'GANDA', label: 'Ganda', evidence: 'catatan', source: 'kota', whole_family: true },
		{ code: 'MENINGGAL', label: 'Meninggal', automatic: 'Dukcapil', evidence: 'akta', appeal: 'ganti pengurus', source: 'kota', whole_family: false },
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
	const sent = bodyOf(body, { ...typedOf(body), max: '', minHits: '' });
	assert.deepEqual(sent.own, []);
	assert.equal(sent.body.decile?.max, undefined);
	assert.equal(sent.body.poverty?.min_hits, undefined);
});

test('a part that is taken out is gone, and an exclusion that is taken off too', () => {
	const typed = { ...typedOf(body), decile: false, components: false };
	typed.exclusions = typed.exclusions.filter(({ code }) => code === 'MENINGGAL');
	const sent = bodyOf(body, typed).body;
	assert.equal(sent.decile, undefined);
	assert.equal(sent.components, undefined);
	assert.deepEqual(sent.exclusions?.map(({ code }) => code), ['MENINGGAL']);
});

test('an exclusion is added as Tilik ships it, once, and can be put in other words', () => {
	const typed = typedOf(body);
	assert.ok(!moreExclusions(typed).some(({ code }) => code === 'GANDA'));
	const added = newExclusion('PINDAH_LUAR');
	assert.ok(added !== undefined && added.evidence !== '' && added.source !== '');
	typed.exclusions.push({ ...added, label: 'Pindah dari kota', appeal: '' });
	assert.ok(!moreExclusions(typed).some(({ code }) => code === 'PINDAH_LUAR'));
	const sent = bodyOf(body, typed).body.exclusions?.at(-1);
	assert.equal(sent?.label, 'Pindah dari kota');
	assert.equal(sent?.appeal, undefined);
	assert.equal(newExclusion('KODE_KARANGAN'), undefined);
});

test('a criterion is added under a name of its own, with the answers that meet it', () => {
	const typed = typedOf(body);
	const added = newCriterion(typed);
	assert.ok(!typed.criteria.some(({ id }) => id === added.id));
	typed.criteria.push({ ...added, poor: 'Atap rumbia', answers: [{ question: 'roof', is: ['7'] }, { question: '', is: [] }] });
	const sent = bodyOf(body, typed).body.poverty?.criteria.at(-1);
	assert.deepEqual(sent, { id: added.id, poor: 'Atap rumbia', any_of: [{ question: 'roof', is: ['7'] }] });
});

test('a component is known by ages or because it is recorded, and half a range is told', () => {
	const typed = typedOf(body);
	typed.anyOf.push({ ...newComponent(), code: 'ibu hamil', label: 'Ibu hamil' });
	assert.deepEqual(bodyOf(body, typed).body.components?.any_of.at(-1), { code: 'IBU_HAMIL', label: 'Ibu hamil', recorded: true });
	typed.anyOf.push({ ...newComponent(), label: 'Anak', from: '0' });
	assert.deepEqual(
		bodyOf(body, typed).own.map(({ field }) => field),
		['body.components.any_of[3].code', 'body.components.any_of[3].ages'],
	);
	assert.equal(codeOf(' anak 0-6 tahun '), 'ANAK_0_6_TAHUN');
});

test('a rule without criteria gets those of the decree and no threshold: that is the city\'s own word', () => {
	const { poverty: _, ...without } = body;
	const typed = typedOf(without);
	assert.equal(typed.poverty, false);
	assert.equal(bodyOf(without, typed).body.poverty, undefined);
	typed.poverty = true;
	const sent = bodyOf(without, typed).body.poverty;
	assert.equal(sent?.criteria.length, 9);
	assert.equal(sent?.min_hits, undefined);
});
