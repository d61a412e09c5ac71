/** Who sees what: each role's menu, and pages that are not theirs; people found, refused a role, and given codes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, BASE } from './kit.ts';

/** The bar of each role: a page by itself, or a menu and its pages. */
const MENUS: Readonly<Record<string, readonly string[]>> = {
	koordinator: ['Tugas', 'Tinjau', 'Verifikasi: Kasus, Penerima, Peta, Ringkasan, Laporan', 'Keluarga & usulan: Usulan, Musyawarah', 'Program & kuota: Kuota, Aturan', 'Perangkat'],
	operator1: [
		'Tugas',
		'Pengesahan',
		'Loket',
		'Verifikasi: Penerima, Peta, Ringkasan, Laporan',
		'Keluarga & usulan: Keluarga, Kependudukan, Jaminan kesehatan, Usulan, Musyawarah, Jadwal, Surat, Keberatan, Sanggahan',
		'Program & kuota: Kuota, Usulan pembatalan, Aturan',
		'Data: SIKS-NG, Ekspor',
	],
	verifikator: [
		'Tugas',
		'Pengesahan',
		'Loket',
		'Verifikasi: Penerima, Peta, Ringkasan, Laporan',
		'Keluarga & usulan: Keluarga, Kependudukan, Jaminan kesehatan, Usulan, Musyawarah, Jadwal, Surat, Keberatan, Sanggahan',
		'Program & kuota: Kuota, Usulan pembatalan, Aturan',
		'Data: SIKS-NG, Ekspor',
	],
	kepala: [
		'Tugas',
		'Pengesahan',
		'Verifikasi: Penerima, Peta, Ringkasan, Laporan',
		'Keluarga & usulan: Keluarga, Kependudukan, Usulan, Musyawarah, Jadwal, Keberatan',
		'Program & kuota: Kuota, Aturan',
		'Data: Ekspor, Impor',
	],
	admin: ['Tugas', 'Verifikasi: Ringkasan, Laporan', 'Keluarga & usulan: Kependudukan, Jaminan kesehatan, Jadwal, Surat', 'Program & kuota: Kuota, Aturan', 'Impor', 'Pengaturan: Pengguna, Perangkat, Latihan'],
	inspektorat: ['Tugas', 'Verifikasi: Kasus, Penerima, Peta, Ringkasan, Laporan', 'Keluarga & usulan: Kependudukan, Jaminan kesehatan, Usulan, Musyawarah, Surat, Keberatan, Sanggahan', 'Program & kuota: Kuota, Aturan', 'Data: SIKS-NG, Ekspor', 'Jejak'],
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
			const shown = await desk.page.locator('nav#menu > ul > li').evaluateAll((all) =>
				all.map((one) => {
					// Beside a page's name may stand how much waits there.
					const names = [...one.querySelectorAll('a')].map((link) => link.firstChild?.textContent?.trim());
					const menu = one.querySelector('.title')?.textContent;
					return menu === undefined || menu === null ? names.join() : `${menu}: ${names.join(', ')}`;
				}),
			);
			assert.deepEqual(shown, menu);
			const [other] = OTHERS.filter(([page]) => !menu.some((place) => place.includes(page)));
			assert.ok(other !== undefined);
			await desk.page.goto(other[1]);
			await desk.page.getByText('Halaman ini tidak tersedia untuk peran Anda').waitFor();
		});
	});
}

test('who bears the name that is looked for comes first, and every other row says what matched', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima');
		await page.getByLabel('NIK atau nomor KK').first().waitFor();
		await page.getByRole('searchbox', { name: 'Nama atau alamat' }).fill('zainal');
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		const cells = page.locator('tbody td.name');
		await cells.first().waitFor();
		const shown = await cells.evaluateAll((all) =>
			all.map((cell) => ({
				name: cell.querySelector('a')?.textContent ?? '',
				why: cell.querySelector('.why')?.textContent?.trim() ?? '',
				marks: [...cell.querySelectorAll('mark')].map((mark) => mark.textContent),
			})),
		);
		assert.ok(shown.length > 1);
		const rank = ({ name, why }: (typeof shown)[number]) =>
			why.startsWith('alamat') ? 3 : why.startsWith('anggota') ? 2 : name.toLowerCase().startsWith('zainal') ? 0 : 1;
		const ranks = shown.map(rank);
		assert.deepEqual(ranks, ranks.toSorted((a, b) => a - b));
		assert.ok(shown.some((one) => rank(one) < 2), 'somebody is called so');
		for (const one of shown) assert.ok(one.marks.some((mark) => mark.toLowerCase() === 'zainal'), JSON.stringify(one));
	});
});

test('codes are made for all officers without a phone at once, on slips of their own', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/perangkat');
		await page.getByRole('link', { name: 'Kode untuk semua yang belum punya HP' }).click();
		await page.getByLabel('Tampilkan juga yang sudah punya HP').check();
		const boxes = page.locator('tbody input[type=checkbox]');
		await boxes.first().waitFor();
		// Whoever has a phone is chosen on purpose only.
		for (const box of await boxes.all()) await box.setChecked(false);
		await boxes.nth(0).check();
		await boxes.nth(1).check();
		await page.getByRole('button', { name: 'Buat 2 kode' }).click();
		await page.getByText('2 kode dibuat.').waitFor();
		const slips = page.locator('.sheets article');
		assert.equal(await slips.count(), 2);
		const codes = await slips.locator('strong').allInnerTexts();
		assert.equal(new Set(codes).size, 2);
		for (const text of await slips.allInnerTexts()) assert.match(text, /Nama pengguna\s+\S+/);
		assert.equal(await slips.getByRole('img').count(), 2);
		await page.getByRole('button', { name: 'Sudah diserahkan, tutup' }).click();
		await boxes.first().waitFor().catch(() => page.getByText('sudah punya HP').first().waitFor());
	});
});

test('an approver refuses a role that waits, and the admin reads why', async () => {
	const username = `calon${Date.now()}`;
	const id = await as('admin', async (desk) => {
		const made = await desk.ask('post', '/v1/users', {
			event_id: crypto.randomUUID(),
			username,
			name: 'Calon Pengurus',
			password: 'kata sandi pertama',
		});
		const user = (await made.json()) as { id: string };
		await desk.ask('post', `/v1/users/${user.id}/grants`, {
			event_id: crypto.randomUUID(),
			role: 'verifier',
			regions: ['35.71'],
			document_number: '800/7/2026',
		});
		return user.id;
	});
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/persetujuan?bagian=peran');
		const card = page.getByRole('listitem').filter({ hasText: username });
		await card.getByText('Belum punya peran').waitFor();
		await card.getByRole('button', { name: 'Tolak' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('button', { name: 'Tolak' }).click();
		await dialog.getByText('Pilih alasannya.').waitFor();
		await dialog.getByLabel('Alasan').selectOption({ label: 'Bukan orang yang ditunjuk' });
		await dialog.getByRole('button', { name: 'Tolak' }).click();
		await card.waitFor({ state: 'detached' });
	});
	await as('admin', async (desk) => {
		await desk.visit(`/pengguna/${id}`);
		await desk.page.getByText('Ditolak pengesah: Bukan orang yang ditunjuk.').waitFor();
	});
});

test('of many sessions the present one and those used last are shown until somebody asks for all', async () => {
	await as('lurah', async (desk) => {
		const { page } = desk;
		for (let n = 0; n < 8; n += 1) {
			const body = JSON.stringify({ username: 'lurah', password: 'kata sandi untuk uji' });
			const reply = await fetch(`${BASE}/v1/console/session`, { method: 'POST', headers: { origin: BASE, 'content-type': 'application/json' }, body });
			assert.ok(reply.ok, `${reply.status}`);
		}
		const { length: all } = await desk.get<unknown[]>('/v1/me/sessions');
		assert.ok(all > 8);
		await desk.visit('/akun');
		const sessions = page.getByRole('region', { name: 'Sesi yang masih terbuka' });
		const rows = sessions.getByRole('listitem');
		await rows.first().getByText('sesi ini').waitFor();
		assert.equal(await rows.count(), 4);
		await sessions.getByRole('button', { name: `Tampilkan semua ${all} sesi` }).click();
		assert.equal(await rows.count(), all);
		assert.equal(await sessions.getByText('sesi ini').count(), 1);
		await sessions.getByRole('button', { name: 'Tampilkan yang terakhir dipakai saja' }).click();
		assert.equal(await rows.count(), 4);
	});
});
