import assert from 'node:assert/strict';
import { test } from 'node:test';

import { letters, places, type Listed } from './menu.ts';

const pages: readonly Listed[] = [
	{ href: '/tugas', label: 'Tugas', key: 't' },
	{ href: '/kasus', label: 'Kasus', group: 'verifikasi', key: 'k' },
	{ href: '/keluarga', label: 'Keluarga', group: 'warga' },
	{ href: '/peta', label: 'Peta', group: 'verifikasi' },
	{ href: '/jejak', label: 'Jejak', group: 'pengaturan', key: 'j' },
];

function told(shown: readonly Listed[]): string[] {
	return places(shown).map((place) => ('page' in place ? place.page.href : `${place.group}: ${place.pages.map(({ href }) => href).join(' ')}`));
}

test('the pages of the bar come first, then the menus; a menu of one page is that page', () => {
	assert.deepEqual(told(pages), ['/tugas', 'verifikasi: /kasus /peta', '/keluarga', '/jejak']);
	assert.deepEqual(told([...pages, { href: '/pengesahan', label: 'Pengesahan' }]).slice(0, 2), ['/tugas', '/pengesahan']);
	assert.deepEqual(told([]), []);
});

test('every page stands in the bar once', () => {
	const shown = places(pages).flatMap((place) => ('page' in place ? [place.page.href] : place.pages.map(({ href }) => href)));
	assert.deepEqual(shown.toSorted(), pages.map(({ href }) => href).toSorted());
});

test('every page has a letter that no other has; one that a page chose is never given away', () => {
	const given = letters(pages);
	assert.equal(given.get('/kasus'), 'k');
	// K is taken and so is the next page's J.
	assert.equal(given.get('/keluarga'), 'e');
	assert.equal(given.get('/peta'), 'p');
	assert.equal(new Set(given.values()).size, pages.length);
	// More pages than letters of their names.
	const same = Array.from({ length: 30 }, (_, n) => ({ href: `/${n}`, label: 'Aa' }));
	assert.equal(new Set(letters(same).values()).size, 30);
});
