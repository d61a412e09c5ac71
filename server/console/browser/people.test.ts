/** Who sees what: each role's menu, and pages that are not theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Desk } from './kit.ts';

const MENUS: Readonly<Record<string, readonly string[]>> = {
	koordinator: ['Tinjau', 'Kasus', 'Penerima', 'Perangkat'],
	operator1: ['Penerima', 'Persetujuan'],
	verifikator: ['Penerima', 'Persetujuan'],
	kepala: ['Penerima', 'Persetujuan', 'Impor'],
	admin: ['Impor', 'Pengguna', 'Perangkat'],
	inspektorat: ['Kasus', 'Penerima', 'Jejak'],
};

for (const [name, menu] of Object.entries(MENUS)) {
	test(`${name} sees the pages of the role and no other`, async () => {
		const desk = await Desk.of(name);
		try {
			await desk.settled();
			const shown = await desk.page.getByRole('navigation', { name: 'Halaman utama' }).getByRole('link').allTextContents();
			assert.deepEqual(shown.map((label) => label.trim()), menu);
			assert.deepEqual(desk.faults(), []);
		} finally {
			await desk.close();
		}
	});
}
