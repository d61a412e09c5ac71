/** The month's recipients at an operator's desk: all of them, by how far they came, and a visit that the operator asks for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, axe, OFFICE, PHONE, sideways } from './kit.ts';

interface Month {
	readonly items: readonly { family: { id: string; name: string; case?: string } }[];
	readonly states: readonly { state: string; families: number }[];
}

test('an operator sees every recipient of the month, and filters them in the address', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima');
		assert.equal(await page.getByRole('tab', { selected: true }).innerText(), 'Bulan ini');
		const { states } = await desk.get<Month>('/v1/recipients?limit=1');
		const all = states.reduce((sum, { families }) => sum + families, 0);
		const chips = page.getByRole('navigation', { name: 'Keadaan bulan ini' });
		await chips.getByRole('link', { name: `Semua ${all.toLocaleString('id-ID')}`, exact: true }).waitFor();
		// A row is about as high as its photo: four of them on an office screen, not two.
		await page.getByText('Memuat perubahan').waitFor({ state: 'hidden' });
		const heights = await page.locator('li.item').evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
		const usual = heights.toSorted((a, b) => a - b)[Math.floor(heights.length / 2)] ?? 0;
		assert.ok(usual > 80 && usual <= 140, `a row is ${usual} pixels high`);
		assert.deepEqual(await axe(page), []);

		await chips.getByRole('link', { name: /^Menunggu keputusan/ }).click();
		await page.waitForURL(/state=deciding/);
		await desk.settled();
		const waiting = states.find(({ state }) => state === 'deciding')?.families ?? 0;
		assert.equal(await page.locator('li.item').count(), Math.min(waiting, 24));
		// What the address says is what another visit shows.
		await desk.visit('/penerima?state=decided');
		assert.equal(await chips.locator('[aria-current]').count(), 1);
		assert.match(await chips.locator('[aria-current]').innerText(), /Diputuskan/);
		await page.setViewportSize(PHONE);
		await desk.visit('/penerima');
		assert.ok((await sideways(page)) <= 0);
		await page.setViewportSize(OFFICE);
	});
});

test('an operator asks for a visit, and the coordinator sees who asked and why', async () => {
	const name = await as('operator2', async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima?state=unvisited');
		const row = page.locator('li.item').filter({ has: page.getByRole('button', { name: 'Minta kunjungan' }) }).first();
		const whose = await row.locator('h3').innerText();
		await row.getByRole('button', { name: 'Minta kunjungan' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('button', { name: 'Kirim permintaan' }).click();
		await dialog.getByText('Pilih alasannya.').first().waitFor();
		await dialog.getByRole('radio', { name: /Ada laporan/ }).check();
		await dialog.getByRole('button', { name: 'Kirim permintaan' }).click();
		await page.getByText('Permintaan kunjungan dikirim ke koordinator.').first().waitFor();
		await page.getByText(/^Kunjungan diminta .* pada .* 2\d{3}: Ada laporan/).first().waitFor();
		// From the recipient's page too, where nothing is open.
		const { items } = await desk.get<Month>('/v1/recipients?state=unvisited&limit=100');
		const other = items.find(({ family }) => family.case === undefined);
		assert.ok(other !== undefined);
		await desk.visit(`/penerima/${other.family.id}`);
		await page.getByRole('button', { name: 'Minta kunjungan' }).click();
		await dialog.getByRole('radio').first().check();
		await dialog.getByRole('button', { name: 'Kirim permintaan' }).click();
		await page.getByText('Menunggu kunjungan petugas', { exact: false }).first().waitFor();
		// Who asks does not plan.
		const refused = await desk.ask('post', '/v1/cases', { event_id: crypto.randomUUID(), families: [other.family.id], kind: 'quick' });
		assert.equal(refused.status(), 403);
		return whose;
	});
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/kasus');
		await page.getByLabel('Asal').selectOption({ label: 'Diminta operator' });
		await page.waitForURL(/requested=true/);
		// By the reason too: two families may bear one name.
		const asked = page.getByText(/^Diminta .* pada .*: Ada laporan atau sanggahan warga$/);
		await page.getByRole('row').filter({ hasText: name }).filter({ has: asked }).first().waitFor();
	});
});
