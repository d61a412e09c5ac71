/** The trail by days, people by name, what changed since last month, a deputy for some days, what is new told once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, Desk, VILLAGES } from './kit.ts';

test('an auditor reads the newest rows first, by days that stand in the address', async () => {
	await as('inspektorat', async (desk) => {
		const { page } = desk;
		await desk.visit('/jejak');
		const numbers = async () =>
			(await page.locator('tbody td.number').allTextContents()).map((text) => Number(text.replaceAll('.', '')));
		const newest = await numbers();
		assert.ok(newest.length > 5);
		assert.deepEqual(newest, newest.toSorted((a, b) => b - a));
		await page.getByLabel('Urutan').selectOption({ label: 'Terlama dahulu' });
		await page.waitForURL(/urut=lama/);
		await desk.settled();
		assert.equal((await numbers())[0], 1);

		await page.getByLabel('Dari tanggal').fill('1/1/2001');
		await page.getByLabel('Sampai tanggal').fill('2/1/2001');
		await page.getByRole('button', { name: 'Saring' }).click();
		await page.waitForURL(/dari=2001-01-01&sampai=2001-01-02/);
		await page.getByText('Tidak ada catatan yang cocok').waitFor();
		await page.getByRole('link', { name: 'Atur ulang' }).click();
		await page.waitForURL(/jejak\?urut=lama$/);
		await desk.settled();
		assert.ok((await numbers()).length > 5);
	});
});

test('an auditor looks for a person by name, an act, a role and a village, and reads whose family it was', async () => {
	await as('inspektorat', async (desk) => {
		const { page } = desk;
		await desk.visit('/jejak');
		const who = page.getByLabel('Siapa');
		await who.fill('orang yang tidak ada');
		await page.getByRole('button', { name: 'Saring' }).click();
		await page.getByRole('alert').getByText('Pilih satu orang dari daftar.').waitFor();
		const suggested = page.locator('datalist option');
		const values = await suggested.evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
		const koordinator = values.find((value) => value.endsWith('(koordinator)'));
		assert.ok(koordinator !== undefined);
		await who.fill(koordinator);
		await page.getByLabel('Tindakan', { exact: true }).selectOption({ label: 'Menerima bukti' });
		await page.waitForURL(/tindakan=case.accept/);
		await desk.settled();
		assert.match(page.url(), /pengguna=[0-9a-f-]{36}/);
		const cells = async (n: number) => (await page.locator(`tbody tr > :nth-child(${n})`).allInnerTexts()).map((text) => text.trim());
		for (const name of await cells(3)) assert.ok(koordinator.startsWith(name.split('\n')[0] ?? ' '), name);
		for (const act of await cells(5)) assert.equal(act, 'Menerima bukti');
		await page.getByLabel('Sebagai').selectOption({ label: 'Operator kelurahan' });
		await page.waitForURL(/sebagai=operator/);
		await page.getByText('Tidak ada catatan yang cocok').waitFor();
		await page.getByRole('link', { name: 'Atur ulang' }).click();
		await page.waitForURL(/jejak$/);
		await desk.settled();
		await page.getByLabel('Tindakan', { exact: true }).selectOption({ label: 'Membuka kasus' });
		await page.waitForURL(/tindakan=case.open/);
		await desk.settled();
		assert.ok((await page.locator('tbody .family').count()) > 5);
		// A person acted as what they are, or as nothing that is known: never as the server.
		await page.getByLabel('Tindakan', { exact: true }).selectOption({ label: 'Masuk' });
		await page.waitForURL(/tindakan=session.begin/);
		await desk.settled();
		const roles = await cells(4);
		assert.ok(roles.length > 0 && !roles.includes('Sistem'), roles.join());
	});
});

test('an admin finds people by part of their name, and the search stands in the address', async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		await desk.visit('/pengguna');
		await page.getByRole('searchbox').fill('KOORDINATOR');
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		await page.waitForURL(/cari=KOORDINATOR/);
		await desk.settled();
		const names = await page.locator('tbody td:nth-child(2)').allTextContents();
		assert.ok(names.length > 0 && names.every((name) => name.includes('koordinator')), names.join());
		await page.getByLabel('Peran').selectOption({ label: 'Pengesah' });
		await page.waitForURL(/peran=approver/);
		await page.getByText('Tidak ada pengguna yang cocok').waitFor();
	});
});

/** A coordinator accepts the next case by its page, and says in which village: what waits there for a decision. */
async function accepted(): Promise<string> {
	return await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/tinjau');
		await page.locator('.acts button[aria-keyshortcuts="t"]:not([aria-disabled="true"])').waitFor();
		// Dead time after a case appears, and a little.
		await page.waitForTimeout(400);
		const name = await page.locator('h1').innerText();
		await page.keyboard.press('t');
		if (await page.locator('.confirm').isVisible()) await page.keyboard.press('Enter');
		await page.waitForFunction((last) => document.querySelector('h1')?.textContent?.trim() !== last, name.trim());
		// What can be undone is sent when the page is left.
		await desk.visit('/kasus');
		const { items } = await desk.get<{ items: { region: string }[] }>('/v1/cases?limit=100&state=accepted');
		const [first] = items;
		assert.ok(first !== undefined, 'no accepted case waits for a decision');
		return first.region;
	});
}

test('a row for a decision says what changed since last month, also when nothing did', async () => {
	const village = await accepted();
	await as(`operator${VILLAGES.indexOf(village) + 1}`, async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima?bagian=putusan');
		const first = page.locator('li.item').first();
		await first.waitFor();
		await page.getByText('Memuat bukti').waitFor({ state: 'hidden' });
		assert.ok((await first.locator('[aria-label="Yang berubah"], p:has-text("tidak berubah"), p:has-text("Tidak ada yang berubah")').count()) > 0);
		await first.getByRole('link').first().click();
		await page.getByRole('heading', { name: 'Yang berubah' }).waitFor();
		await page.getByText(/Kunjungan pertama|dibandingkan dengan/).first().waitFor();
	});
});

test('an approver names a deputy for some days, who is told as such, and takes it back', async () => {
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/akun');
		await page.getByRole('button', { name: 'Tunjuk pengganti (Plh.)' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('button', { name: 'Tunjuk', exact: true }).click();
		await dialog.getByRole('alert').getByText('Pilih siapa yang menggantikan.').waitFor();
		const select = dialog.getByLabel('Pengganti');
		const option = select.locator('option').filter({ hasText: 'Verifikator' }).first();
		await select.selectOption(await option.getAttribute('value'));
		const soon = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('id-ID', { timeZone: 'Asia/Jakarta' });
		await dialog.getByLabel('Berlaku sampai').fill(soon);
		await dialog.getByLabel('Nomor dokumen').fill('800/Plh/7/2026');
		await dialog.getByRole('button', { name: 'Tunjuk', exact: true }).click();
		await dialog.waitFor({ state: 'hidden' });
		await page.getByText('800/Plh/7/2026').waitFor();
	});
	await as('verifikator', async (desk) => {
		await desk.visit('/akun');
		await desk.page.getByText('Plh. untuk').waitFor();
	});
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/akun');
		await page.getByRole('button', { name: /Akhiri penggantian/ }).first().click();
		await page.getByRole('dialog').getByRole('button', { name: 'Akhiri', exact: true }).click();
		await page.getByText('Diakhiri').first().waitFor();
	});
	await as('verifikator', async (desk) => {
		await desk.visit('/akun');
		assert.equal(await desk.page.getByText('Plh. untuk').count(), 0);
	});
});

test('what is new opens once, in no review, and in no other browser again', async () => {
	const first = await Desk.open();
	try {
		await first.signIn('lurah', { news: true });
		const { items } = await first.get<{ items: unknown[] }>('/v1/me/news');
		const dialog = first.page.getByRole('dialog', { name: 'Apa yang baru' });
		if (items.length === 0) {
			await dialog.getByRole('button', { name: 'Mengerti' }).click();
			await first.page.waitForFunction(async () => {
				const reply = await fetch('/v1/me/news');
				return ((await reply.json()) as { items: unknown[] }).items.length > 0;
			});
		}
		await first.visit('/peta');
		assert.equal(await dialog.count(), 0);
		await first.visit('/apa-yang-baru');
		await first.page.getByText('Peta keluarga').waitFor();
		assert.deepEqual(first.faults(), []);
	} finally {
		await first.close();
	}
	const second = await Desk.open();
	try {
		await second.signIn('lurah', { news: true });
		await second.settled();
		assert.equal(await second.page.getByRole('dialog', { name: 'Apa yang baru' }).count(), 0);
	} finally {
		await second.close();
	}
});
