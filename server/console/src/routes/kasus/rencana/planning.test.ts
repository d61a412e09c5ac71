import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';

import { chosenBy, newSeed, perVillage, programsOf, share, shareOut } from './planning.ts';

function family(id: string, over: Partial<Schemas['FamilyRow']> = {}): Schemas['FamilyRow'] {
	const region = over.region ?? '35.71.01.1001';
	return {
		id,
		name: `Keluarga ${id}`,
		address: 'Jalan Contoh 1',
		rt: '1',
		rw: '1',
		region,
		memberships: [{ id: `m${id}`, program: 'SEMBAKO', family: id, region, state: 'active' }],
		...over,
	};
}

function taker(user: string, regions: string[], capacity: number, assigned = 0) {
	return { officer: { user, name: user, regions, assigned, returned: 0 }, capacity };
}

function many(count: number, over: Partial<Schemas['FamilyRow']> = {}, prefix = 'f') {
	return Array.from({ length: count }, (_, at) => family(`${prefix}${at}`, { rw: String(1 + Math.floor(at / 5)), ...over }));
}

const any = { program: '', decile: 0, unranked: false, text: '' };

test('the rules leave what they say, and never a family with a case', () => {
	const families = [
		family('a', { decile: 6 }),
		family('b', { decile: 3 }),
		family('c'),
		family('d', { decile: 8, case: 'k' }),
		family('e', { decile: 9, memberships: [] }),
	];
	const ids = (rules: Parameters<typeof chosenBy>[1]) => chosenBy(families, rules).free.map(({ id }) => id);
	assert.deepEqual(ids(any), ['a', 'b', 'c']);
	assert.equal(chosenBy(families, any).busy, 1);
	assert.deepEqual(ids({ ...any, decile: 5 }), ['a']);
	assert.deepEqual(ids({ ...any, decile: 5, unranked: true }), ['a', 'c']);
	assert.deepEqual(ids({ ...any, program: 'PKH' }), []);
	assert.deepEqual(ids({ ...any, text: ' KELUARGA B' }), ['b']);
	assert.deepEqual(programsOf(families), ['SEMBAKO']);
});

test('a share hangs on the seed alone and not on the order', () => {
	const families = many(200);
	const first = share(families, 10, '00ff00ff00ff00ff').map(({ id }) => id);
	assert.equal(first.length, 20);
	assert.deepEqual(share(families.toReversed(), 10, '00ff00ff00ff00ff').map(({ id }) => id), first);
	assert.notDeepEqual(share(families, 10, '00ff00ff00ff00fe').map(({ id }) => id), first);
	assert.equal(share(families, 100, 'x').length, 200);
	assert.equal(share(many(3), 1, 'x').length, 1);
	assert.equal(share([], 50, 'x').length, 0);
});

test('each family is chosen about as often as any other', () => {
	const families = many(40);
	const times = new Map<string, number>();
	for (let round = 0; round < 2_000; round++) {
		for (const { id } of share(families, 25, newSeed())) times.set(id, (times.get(id) ?? 0) + 1);
	}
	// 500 expected, a standard deviation of 19: six of them either way.
	for (const { id } of families) assert.ok(Math.abs((times.get(id) ?? 0) - 500) < 116, `${id} ${times.get(id)}`);
});

test('families are shared out by room, in stretches of the walk, nobody twice', () => {
	const plan = shareOut(many(30), [taker('adi', ['35.71'], 30, 10), taker('budi', ['35.71.01'], 10)]);
	const adi = plan.given.get('adi') ?? [];
	const budi = plan.given.get('budi') ?? [];
	assert.deepEqual([adi.length, budi.length, plan.full.length, plan.nobody.length], [20, 10, 0, 0]);
	assert.equal(new Set([...adi, ...budi].map(({ id }) => id)).size, 30);
	assert.deepEqual(adi.map(({ rw }) => rw), adi.map(({ rw }) => rw).toSorted());
	assert.ok(Number(adi.at(-1)?.rw) <= Number(budi[0]?.rw));
});

test('what nobody can take is said apart from what is too much', () => {
	const families = [...many(5), ...many(4, { region: '35.71.02.1001' }, 'g')];
	const plan = shareOut(families, [taker('adi', ['35.71.01'], 3)]);
	assert.deepEqual([plan.given.get('adi')?.length, plan.full.length, plan.nobody.length], [3, 2, 4]);
});

test('who works in one village only is filled before who works everywhere', () => {
	const families = [...many(10), ...many(10, { region: '35.71.02.1001' }, 'g')];
	const plan = shareOut(families, [taker('all', ['35.71'], 10), taker('one', ['35.71.01'], 10)]);
	assert.equal(plan.full.length, 0);
	assert.ok((plan.given.get('all') ?? []).every(({ region }) => region === '35.71.02.1001'));
});

test('nobody with a full desk is given more', () => {
	const plan = shareOut(many(4), [taker('adi', ['35.71'], 5, 9)]);
	assert.equal(plan.given.size, 0);
	assert.equal(plan.full.length, 4);
});

test('villages are counted, the most first', () => {
	const families = [...many(2), ...many(3, { region: '35.71.02.1001' }, 'g')];
	assert.deepEqual(perVillage(families), [
		['35.71.02.1001', 3],
		['35.71.01.1001', 2],
	]);
});
