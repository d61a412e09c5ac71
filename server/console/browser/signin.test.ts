/** Codes beside the password, sessions and slips, as people meet them: an account of the test's own goes the whole way. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { test } from 'node:test';

import type { Page } from 'playwright-core';

import { as, axe, BASE, Desk, PHONE, sideways } from './kit.ts';

const FIRST = 'empat kata sandi awal';
const OWN = 'kata sandi sendiri saja';
const NEXT = 'kata sandi lain lagi';
const STEP_MS = 30_000;

/** An authenticator app that never shows the same code twice. */
class App {
	readonly #secret: Buffer;
	#used = 0;

	constructor(text: string) {
		const bits = [...text].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
		this.#secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
	}

	async code(): Promise<string> {
		// The server takes the code after this one too: only what lies further ahead is waited for.
		const step = Math.max(Math.floor(Date.now() / STEP_MS), this.#used + 1);
		const early = (step - 1) * STEP_MS + 1_000 - Date.now();
		if (early > 0) await new Promise((done) => setTimeout(done, early));
		this.#used = step;
		const counter = Buffer.alloc(8);
		counter.writeBigUInt64BE(BigInt(step));
		const mac = createHmac('sha1', this.#secret).update(counter).digest();
		const at = (mac.at(-1) ?? 0) & 15;
		return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
	}
}

interface Account {
	readonly id: string;
	readonly username: string;
}

/** An approver of the test's own, whom the demo's admin and approver make. */
async function anApprover(): Promise<Account> {
	const username = `uji.${randomUUID().slice(0, 8)}`;
	const { user, grant } = await as('admin', async (desk) => {
		const added = await desk.ask('post', '/v1/users', { event_id: randomUUID(), username, name: 'Pengesah Uji', password: FIRST });
		assert.equal(added.status(), 200, await added.text());
		const { id } = (await added.json()) as { id: string };
		const body = { event_id: randomUUID(), role: 'approver', regions: ['35.71'], document_number: 'SK/9/2026' };
		const given = await desk.ask('post', `/v1/users/${id}/grants`, body);
		assert.equal(given.status(), 200, await given.text());
		return { user: id, grant: ((await given.json()) as { id: string }).id };
	});
	await as('kepala', async (desk) => {
		const confirmed = await desk.ask('post', `/v1/grants/${grant}/confirm`, { event_id: randomUUID() });
		assert.equal(confirmed.status(), 200, await confirmed.text());
	});
	return { id: user, username };
}

async function typePassword(page: Page, username: string, password: string): Promise<void> {
	await page.goto('/masuk');
	await page.getByLabel('Nama pengguna').fill(username);
	await page.getByLabel('Kata sandi').fill(password);
	await page.getByRole('button', { name: 'Masuk' }).click();
}

async function enrol(desk: Desk, password: string): Promise<App> {
	const { page } = desk;
	assert.deepEqual(await axe(page), []);
	// An open screen is not enough: the password is asked for, and a wrong one begins nothing.
	await page.getByLabel('Kata sandi sekarang').fill('tebakan orang lain');
	await page.getByRole('button', { name: 'Mulai' }).click();
	await page.getByText('Kata sandi tidak cocok').first().waitFor();
	await page.getByLabel('Kata sandi sekarang').fill(password);
	await page.getByRole('button', { name: 'Mulai' }).click();
	await page.getByRole('img', { name: 'Kode QR untuk aplikasi autentikator' }).waitFor();
	assert.deepEqual(await axe(page), []);
	const app = new App(((await page.locator('.secret').textContent()) ?? '').replaceAll(/\s/g, ''));
	await page.getByLabel('Kode', { exact: true }).fill('000000');
	await page.getByRole('button', { name: 'Pasang' }).click();
	await page.getByText('Kode salah atau sudah dipakai').first().waitFor();
	await page.getByLabel('Kode', { exact: true }).fill(await app.code());
	await page.getByRole('button', { name: 'Pasang' }).click();
	await page.getByRole('heading', { name: 'Simpan kode pemulihan Anda' }).waitFor();
	assert.equal(await page.getByRole('list', { name: 'Kode pemulihan' }).getByRole('listitem').count(), 10);
	assert.deepEqual(await axe(page), []);
	await page.getByRole('button', { name: 'Sudah saya simpan' }).click();
	await page.waitForURL('**/akun');
	return app;
}

test('a person sets codes up, signs in with them, confirms with one, ends sessions and comes back by a slip of two persons', async () => {
	const account = await anApprover();
	const desk = await Desk.open();
	const { page } = desk;
	try {
		await typePassword(page, account.username, FIRST);
		await page.waitForURL('**/akun/kata-sandi');
		await page.getByLabel('Kata sandi sekarang').fill(FIRST);
		await page.getByLabel('Kata sandi baru', { exact: true }).fill(OWN);
		await page.getByLabel('Ulangi kata sandi baru').fill(OWN);
		await page.getByRole('button', { name: 'Simpan kata sandi' }).click();
		await page.getByText('Kata sandi sudah diganti').first().waitFor();

		await desk.visit('/akun');
		// Nothing is new to who is new.
		await desk.settled();
		assert.equal(await page.getByRole('dialog', { name: 'Apa yang baru' }).count(), 0);
		await page.getByRole('link', { name: 'Pasang kode masuk' }).click();
		const app = await enrol(desk, OWN);
		await desk.settled();
		await page.getByText('Kode pemulihan yang tersisa: 10.').waitFor();

		// Ten new ones are for who knows the password, not for who finds the screen.
		await page.getByRole('button', { name: 'Buat kode pemulihan baru' }).click();
		const renewing = page.getByRole('dialog', { name: 'Buat kode pemulihan baru?' });
		await renewing.getByLabel('Kata sandi sekarang').fill('tebakan orang lain');
		await renewing.getByRole('button', { name: 'Buat kode pemulihan baru' }).click();
		await renewing.getByText('Kata sandi tidak cocok').first().waitFor();
		assert.deepEqual(await axe(page), []);
		await renewing.getByLabel('Kata sandi sekarang').fill(OWN);
		await renewing.getByRole('button', { name: 'Buat kode pemulihan baru' }).click();
		await page.getByRole('heading', { name: 'Simpan kode pemulihan Anda' }).waitFor();
		await page.getByRole('button', { name: 'Sudah saya simpan' }).click();

		// Out, and in again: first a wrong code, then the right one.
		await page.getByRole('button', { name: 'Keluar', exact: true }).click();
		await page.waitForURL('**/masuk');
		await typePassword(page, account.username, OWN);
		const code = page.getByLabel('Kode', { exact: true });
		await code.waitFor();
		assert.ok(await code.evaluate((field) => field === document.activeElement), 'the code has the focus');
		assert.deepEqual(await axe(page), []);
		await code.fill('000000');
		await page.getByRole('button', { name: 'Masuk', exact: true }).click();
		await page.getByText('Kode salah atau sudah dipakai').first().waitFor();
		await code.fill(await app.code());
		await page.getByRole('button', { name: 'Masuk', exact: true }).click();
		await page.waitForURL((url) => url.pathname !== '/masuk');

		// An act that asks for a code waits for it and is done, with nothing typed twice.
		const waiting = await as('admin', async (other) => {
			const body = { event_id: randomUUID(), username: `uji.${randomUUID().slice(0, 8)}`, name: 'Operator Uji', password: FIRST };
			const { id } = (await (await other.ask('post', '/v1/users', body)).json()) as { id: string };
			const role = { event_id: randomUUID(), role: 'operator', regions: ['35.71.01'], document_number: 'SK/10/2026' };
			return ((await (await other.ask('post', `/v1/users/${id}/grants`, role)).json()) as { id: string }).id;
		});
		let refused = 0;
		await page.route(`**/v1/grants/${waiting}/confirm`, async (route) => {
			refused += 1;
			if (refused > 1) return await route.continue();
			const problem = { type: '/problems/step_up_needed', title: 'Perlu kode', status: 403, detail: '', code: 'step_up_needed', request_id: '' };
			await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) });
		});
		await desk.visit('/persetujuan?bagian=peran');
		await page.locator('li', { hasText: 'Operator Uji' }).last().getByRole('button', { name: 'Sahkan' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Sahkan' }).click();
		const asked = page.getByRole('dialog', { name: 'Masukkan kode' });
		await asked.waitFor();
		assert.deepEqual(await axe(page), []);
		await asked.getByLabel('Kode', { exact: true }).fill(await app.code());
		await asked.getByRole('button', { name: 'Lanjutkan' }).click();
		await asked.waitFor({ state: 'hidden' });
		await page.waitForFunction(() => document.querySelector('dialog[open]') === null);
		assert.equal(refused, 2, 'the same act, sent again');

		// Another browser is in the list, is ended there, and is out at its next request.
		const other = await Desk.open({ viewport: PHONE });
		try {
			await typePassword(other.page, account.username, OWN);
			await other.page.getByLabel('Kode', { exact: true }).fill(await app.code());
			await other.page.getByRole('button', { name: 'Masuk', exact: true }).click();
			await other.page.waitForURL((url) => url.pathname !== '/masuk');
			await other.visit('/akun');
			assert.equal(await sideways(other.page), 0);
			await desk.visit('/akun');
			const sessions = page.getByRole('region', { name: 'Sesi yang masih terbuka' });
			assert.equal(await sessions.getByRole('listitem').count(), 2);
			assert.equal(await sessions.getByText('sesi ini').count(), 1);
			await sessions.getByRole('button', { name: /^Akhiri/ }).click();
			await page.getByRole('dialog').getByRole('button', { name: 'Akhiri' }).click();
			await page.getByText('Sesi sudah diakhiri.').first().waitFor();
			await page.waitForFunction(() => document.querySelectorAll('section[aria-labelledby="sesi"] li').length === 1);
			await other.page.goto('/akun');
			await other.page.waitForURL('**/masuk**');
			assert.deepEqual(other.faults(), []);
		} finally {
			await other.close();
		}

		// Out everywhere.
		await page.getByRole('button', { name: 'Keluar di semua perangkat' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Keluar di semua perangkat' }).click();
		await page.waitForURL('**/masuk');

		// Password and phone are lost: the admin's slip does nothing before the approver's word.
		const slip = await as('admin', async (admin) => {
			await admin.visit(`/pengguna/${account.id}`);
			await admin.page.getByRole('button', { name: 'Buat slip atur ulang' }).click();
			const dialog = admin.page.getByRole('dialog');
			await dialog.getByRole('checkbox').check();
			await dialog.getByRole('button', { name: 'Buat slip atur ulang' }).click();
			await admin.page.getByText('Slip ini belum berlaku').waitFor();
			const told = (await admin.page.locator('article .secret').textContent()) ?? '';
			await admin.page.getByRole('button', { name: 'Sudah diserahkan, tutup' }).click();
			return told.trim();
		});
		await page.goto('/masuk');
		await page.getByRole('link', { name: 'Punya slip atur ulang?' }).click();
		await page.waitForURL('**/atur-ulang');
		await page.getByRole('heading', { name: 'Atur ulang kata sandi' }).waitFor();
		assert.deepEqual(await axe(page), []);
		await page.getByLabel('Nama pengguna').fill(account.username);
		await page.getByLabel('Kode slip').fill(slip);
		await page.getByLabel('Kata sandi baru', { exact: true }).fill(NEXT);
		await page.getByLabel('Ulangi kata sandi baru').fill(NEXT);
		await page.getByRole('button', { name: 'Simpan kata sandi baru' }).click();
		await page.getByText('Slip menunggu persetujuan').waitFor();
		const second = await as('kepala', async (approver) => {
			await approver.visit('/persetujuan?bagian=slip');
			await approver.page.locator('li', { hasText: account.username }).getByRole('button', { name: 'Setujui' }).click();
			await approver.page.getByRole('dialog').getByRole('button', { name: 'Setujui' }).click();
			await approver.page.getByText('sudah disetujui').first().waitFor();
			assert.deepEqual(await axe(approver.page), []);
			const told = (await approver.page.locator('article .secret').textContent()) ?? '';
			await approver.page.getByRole('button', { name: 'Sudah diserahkan, tutup' }).click();
			return told.trim();
		});
		// The admin's part alone is nothing.
		await page.getByRole('button', { name: 'Simpan kata sandi baru' }).click();
		await page.getByText('Slip tidak berlaku').waitFor();
		await page.getByLabel('Kode pengesah').fill(second.toLowerCase().replaceAll('-', ' '));
		await page.getByRole('button', { name: 'Simpan kata sandi baru' }).click();
		await page.getByText('Kata sandi baru sudah tersimpan').waitFor();
		await typePassword(page, account.username, NEXT);
		await page.waitForURL((url) => url.pathname !== '/masuk');
		const faults = desk.faults();
		assert.deepEqual(faults, []);
		// Nothing secret went through an address.
		assert.ok(!page.url().includes(slip) && !page.url().includes(second) && page.url().startsWith(BASE));
	} finally {
		await desk.close();
	}
});

test('whoever must set codes up is led there and nowhere else', async () => {
	await as('verifikator', async ({ page }) => {
		// The demo only offers codes: this is what a server says that demands them.
		await page.route('**/v1/me', async (route) => {
			const answer = await route.fetch();
			await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), second_factor_required: true } });
		});
		await page.goto('/persetujuan');
		await page.waitForURL('**/akun/kode');
		await page.getByText('Pasang dahulu sebelum melanjutkan').waitFor();
		await page.getByLabel('Kata sandi sekarang').waitFor();
		assert.equal(await page.getByRole('navigation', { name: 'Halaman utama' }).count(), 0);
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', { name: 'Keluar' }).waitFor();
	});
});
