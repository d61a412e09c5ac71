import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ageWords, byOverdue, change, daysFinding, duration, officersFinding, parts, queueFinding, reasonsFinding, villagesFinding } from './findings.ts';
import { daysIn, isMonth, monthsToChoose, plusMonths } from './month.ts';

const NONE = { target: 0, visited: 0, returned: 0, accepted: 0, decided: 0, overdue: 0 };

function village(region: string, counts: Partial<typeof NONE>, waiting = 0) {
	return { region, counts: { ...NONE, ...counts }, waiting };
}

test('the title of the days says how much was visited', () => {
	assert.equal(daysFinding(NONE), 'Belum ada kasus yang dikunjungi');
	assert.equal(daysFinding({ ...NONE, target: 9, visited: 5, decided: 1 }), '5 kasus (55,6%) sudah dikunjungi, 1 diputuskan');
	assert.equal(daysFinding({ ...NONE, target: 9, visited: 9 }), 'Semua 9 kasus sudah dikunjungi');
});

test('villages come with the most late cases first, and the title names the first', () => {
	const names: Record<string, string> = { a: 'Pojok', b: 'Betet', c: 'Ngronggo' };
	const name = (code: string) => names[code] ?? code;
	const villages = [village('a', { target: 5, overdue: 1 }), village('b', { target: 5, overdue: 3 }), village('c', { target: 1, overdue: 1 })];
	assert.deepEqual(byOverdue(villages, name).map(({ region }) => region), ['b', 'c', 'a']);
	assert.equal(villagesFinding(villages, name), 'Betet paling tertinggal: 3 dari 5 kasus terlambat');
	assert.equal(villagesFinding([village('a', { target: 5 })], name), 'Tidak ada kasus terlambat di 1 kelurahan');
});

test('the parts of a village are together its cases', () => {
	assert.deepEqual(parts(village('a', { target: 10, accepted: 3, overdue: 2 }, 4)), [3, 4, 1, 2]);
	assert.deepEqual(parts(village('a', { target: 1, accepted: 1 }, 1)), [1, 1, 0, 0]);
});

test('the title of the queue tells of the oldest that wait', () => {
	const queue = (...cases: [number, number, number, number]) =>
		[
			{ from_days: 0, to_days: 1 },
			{ from_days: 2, to_days: 3 },
			{ from_days: 4, to_days: 7 },
			{ from_days: 8 },
		].map((age, at) => ({ ...age, cases: cases[at] ?? 0 }));
	assert.equal(queueFinding(queue(0, 0, 0, 0)), 'Tidak ada kasus yang menunggu tinjauan');
	assert.equal(queueFinding(queue(3, 2, 0, 0)), '5 kasus menunggu tinjauan, tidak ada yang lebih dari 3 hari');
	assert.equal(queueFinding(queue(3, 0, 2, 0)), '2 dari 5 kasus menunggu tinjauan lebih dari 3 hari');
	assert.equal(queueFinding(queue(3, 0, 2, 1)), '1 dari 6 kasus menunggu tinjauan lebih dari 7 hari');
	assert.deepEqual(queue(0, 0, 0, 0).map(ageWords), ['0–1 hari', '2–3 hari', '4–7 hari', 'Lebih dari 7 hari']);
});

test('an officer is behind who has visited less than half; what nobody has is no officer', () => {
	const officer = (id: string | undefined, target: number, visited: number) => ({
		...(id === undefined ? {} : { officer: id, name: id }),
		counts: { ...NONE, target, visited },
		waiting: 0,
	});
	assert.equal(officersFinding([officer('a', 4, 2), officer('b', 5, 2), officer(undefined, 9, 0)]), '1 dari 2 petugas belum mengunjungi separuh kasusnya');
	assert.equal(officersFinding([officer('a', 4, 2)]), 'Semua 1 petugas sudah mengunjungi separuh kasusnya atau lebih');
	assert.equal(officersFinding([officer(undefined, 9, 0)]), 'Belum ada kasus yang dibagikan kepada petugas');
});

test('the title of the reasons names the one given most', () => {
	assert.equal(reasonsFinding([{ code: 'FOTO_GELAP', returns: 12 }]), 'Alasan pengembalian terbanyak: Foto terlalu gelap (12 kali)');
	assert.equal(reasonsFinding([]), 'Belum ada kasus yang dikembalikan');
});

test('a duration is told in the unit one would use', () => {
	assert.deepEqual([null, 0, 59, 90, 1_440, 4_320].map(duration), ['–', '0 menit', '59 menit', '1,5 jam', '24 jam', '3 hari']);
});

test('a change is told with its sign', () => {
	assert.deepEqual([change(5, 3), change(3, 1_234), change(2, 2)], ['+2 sejak kemarin', '−1.231 sejak kemarin', 'Sama seperti kemarin']);
});

test('months go over the end of the year, and what is none is told', () => {
	assert.deepEqual([plusMonths('2026-12', 1), plusMonths('2026-01', -1), plusMonths('2026-11', -24)], ['2027-01', '2025-12', '2024-11']);
	assert.deepEqual([daysIn('2026-11'), daysIn('2028-02'), daysIn('2026-12')], [30, 29, 31]);
	assert.deepEqual(['2026-11', '2026-13', '', null].map(isMonth), [true, false, false, false]);
	const months = monthsToChoose('2026-11', '2026-10');
	assert.deepEqual([months[0], months.length], ['2026-11', 24]);
	assert.equal(monthsToChoose('2026-11', '2027-03')[0], '2027-03');
});
