/** Who sees what: each role's menu, and pages that are not theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as } from './kit.ts';

const MENUS: Readonly<Record<string, readonly string[]>> = {
	koordinator: ['Tinjau', 'Kasus', 'Penerima', 'Peta', 'Perangkat'],
	operator1: ['Penerima', 'Peta', 'Persetujuan'],
	verifikator: ['Penerima', 'Peta', 'Persetujuan'],
	kepala: ['Penerima', 'Peta', 'Persetujuan', 'Impor'],
	admin: ['Impor', 'Pengguna', 'Perangkat'],
	inspektorat: ['Kasus', 'Penerima', 'Peta', 'Jejak'],
};

/** Pages that are somebody's, and not everybody's. */
const OTHERS = [
	['Tinjau', '/tinjau'],
	['Impor', '/impor'],
] as const;

for (const [name, menu] of Object.entries(MENUS)) {
	test(`${name} sees the pages of the role and no other`, async () => {
		await as(name, async (desk) => {
			await desk.settled();
			const shown = await desk.page.getByRole('navigation', { name: 'Halaman utama' }).getByRole('link').allTextContents();
			assert.deepEqual(shown.map((label) => label.trim()), menu);
			const [other] = OTHERS.filter(([page]) => !menu.includes(page));
			assert.ok(other !== undefined);
			await desk.page.goto(other[1]);
			await desk.page.getByText('Halaman ini tidak tersedia untuk peran Anda').waitFor();
		});
	});
}
