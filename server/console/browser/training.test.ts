/** Mode latihan: what was invented says so on every screen, and the city's people never meet it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, type Desk } from './kit.ts';

const MARK = 'LATIHAN';
/** Cases, not the officers above them: an id begins with its time. */
const ROWS = 'tbody tr:has(a[href^="/kasus/0"])';

interface Row {
	id: string;
	name: string;
	region: string;
	state: string;
}

async function cases(desk: Desk): Promise<Row[]> {
	return (await desk.get<{ items: Row[] }>('/v1/cases?limit=200')).items;
}

test('a trainee reviews a training case and sees at every step that it is one', async () => {
	await as('latihan', async (desk) => {
		const waiting = (await cases(desk)).filter(({ state }) => state === 'submitted');
		assert.ok(waiting.length > 0, 'the trainee on the phone has sent nothing');
		await desk.visit('/tinjau');
		const bar = desk.page.locator('header.bar').first();
		assert.ok(await bar.getByText(MARK, { exact: true }).isVisible(), 'the bar does not say it');
		await desk.page.locator('.acts button[aria-keyshortcuts="t"]:not([aria-disabled="true"])').waitFor();
		await desk.page.waitForTimeout(350);
		const name = (await desk.page.locator('h1').innerText()).trim();
		assert.match(name, /^LATIHAN /);
		assert.ok(await desk.page.locator('.desk .bar strong.mark').isVisible(), 'the case does not say it');
		const shown = waiting.find((row) => row.name === name);
		assert.ok(shown !== undefined, `${name} is on the screen and not in the list`);
		await desk.page.keyboard.press('t');
		if (await desk.page.locator('.confirm').isVisible()) await desk.page.keyboard.press('Enter');
		await desk.page.waitForFunction((before) => document.querySelector('h1')?.textContent?.trim() !== before, name);
		// The acceptance is held back for a moment in which it can be undone.
		for (let tries = 0; tries < 60; tries += 1) {
			const { state } = await desk.get<{ state: string }>(`/v1/cases/${shown.id}`);
			if (state === 'accepted') break;
			assert.ok(tries < 59, `after half a minute the case is ${state}`);
			await desk.page.waitForTimeout(500);
		}
		await desk.visit(`/kasus/${shown.id}`);
		assert.ok(await desk.page.getByRole('note').filter({ hasText: MARK }).isVisible());
		await desk.visit('/kasus');
		await desk.page.locator(ROWS).first().waitFor();
		for (const row of await desk.page.locator(ROWS).all()) assert.match(await row.innerText(), /LATIHAN/);
		// And on paper.
		await desk.page.emulateMedia({ media: 'print' });
		const printed = await desk.page.evaluate(() => getComputedStyle(document.body, '::before').content);
		assert.match(printed, /LATIHAN/);
	});
});

test("the city's supervisor meets no invented family", async () => {
	await as('koordinator', async (desk) => {
		const rows = await cases(desk);
		assert.ok(rows.length > 0);
		assert.deepEqual(rows.filter(({ region, name }) => region.startsWith('00') || name.includes(MARK)), []);
		await desk.visit('/kasus');
		assert.equal(await desk.page.getByText(MARK).count(), 0);
	});
});

test('somebody with real and training work goes from one to the other and back', async () => {
	const me = await as('koordinator2', async (desk) => await desk.get<{ user: string }>('/v1/me'));
	const grant = await as('admin', async (desk) => {
		const body = { event_id: crypto.randomUUID(), role: 'supervisor', regions: ['00.01'], document_number: 'ST/9/2026' };
		const reply = await desk.ask('post', `/v1/users/${me.user}/grants`, body);
		assert.equal(reply.status(), 200, await reply.text());
		return (await reply.json()) as { id: string };
	});
	await as('kepala', async (desk) => {
		const reply = await desk.ask('post', `/v1/grants/${grant.id}/confirm`, { event_id: crypto.randomUUID() });
		assert.equal(reply.status(), 200, await reply.text());
	});
	await as('koordinator2', async (desk) => {
		await desk.visit('/kasus');
		await desk.page.locator(ROWS).first().waitFor();
		assert.equal(await desk.page.locator(ROWS).getByText(MARK).count(), 0);
		await desk.visit('/akun');
		await desk.page.getByRole('button', { name: 'Masuk mode latihan' }).click();
		await desk.page.getByRole('button', { name: 'Keluar dari latihan' }).first().waitFor();
		await desk.visit('/kasus');
		await desk.page.locator(ROWS).first().waitFor();
		for (const row of await desk.page.locator(ROWS).all()) assert.match(await row.innerText(), /LATIHAN/);
		await desk.page.getByRole('button', { name: 'Keluar dari latihan' }).click();
		await desk.page.waitForURL((url) => url.pathname === '/tugas');
		await desk.visit('/kasus');
		await desk.page.locator(ROWS).first().waitFor();
		assert.equal(await desk.page.locator(ROWS).getByText(MARK).count(), 0);
	});
	await as('admin', async (desk) => {
		const reply = await desk.ask('post', `/v1/grants/${grant.id}/end`, { event_id: crypto.randomUUID() });
		assert.equal(reply.status(), 200, await reply.text());
	});
});

test('an admin sees how the training area stands, and begins a round only when asked twice', async () => {
	await as('admin', async (desk) => {
		await desk.visit('/latihan');
		await desk.page.getByText('Keluarga karangan', { exact: true }).waitFor();
		await desk.page.getByRole('button', { name: 'Mulai babak baru' }).click();
		const dialog = desk.page.getByRole('dialog');
		await dialog.waitFor();
		await dialog.getByRole('button', { name: 'Kembali' }).click();
		await dialog.waitFor({ state: 'hidden' });
		const { open_cases: open } = await desk.get<{ open_cases: number }>('/v1/training');
		assert.ok(open > 0);
	});
});

test('who works with real families is offered no invented program, and a trainee’s phone says what it is', async () => {
	const offered = async (desk: Desk) => {
		await desk.visit('/peta');
		await desk.page.getByLabel('Program').locator('option').nth(1).waitFor({ state: 'attached' });
		return (await desk.page.getByLabel('Program').locator('option').allInnerTexts()).slice(1);
	};
	const trainee = /latihan-petugas/;
	await as('koordinator', async (desk) => {
		const real = await offered(desk);
		assert.ok(real.length > 1);
		assert.deepEqual(real.filter((name) => /latihan/i.test(name)), []);
		await desk.visit('/kasus/rencana');
		await desk.page.getByLabel('Program').locator('option').nth(1).waitFor({ state: 'attached' });
		assert.equal(await desk.page.getByLabel('Program').locator('option', { hasText: /latihan/i }).count(), 0);
		await desk.visit('/perangkat');
		const row = desk.page.getByRole('row').filter({ hasText: trainee });
		await row.getByText(MARK, { exact: true }).waitFor();
		assert.equal(await desk.page.getByRole('row').getByText(MARK, { exact: true }).count(), 1);
		assert.equal(await desk.page.getByRole('row').getByText('Tidak bertugas di sini').count(), 0);
		// The phones that do real work stand first.
		assert.match(await desk.page.locator('tbody tr').last().innerText(), trainee);
	});
	await as('admin', async (desk) => {
		await desk.visit('/perangkat');
		await desk.page.getByRole('row').filter({ hasText: trainee }).getByText(MARK, { exact: true }).waitFor();
		assert.equal(await desk.page.getByRole('row').getByText(MARK, { exact: true }).count(), 1);
	});
	await as('latihan', async (desk) => {
		assert.deepEqual((await offered(desk)).map((name) => /latihan/i.test(name)), [true]);
	});
});
