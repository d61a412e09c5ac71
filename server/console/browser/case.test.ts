/** A case on the review screen that has more to say than fits: nothing is hidden from whoever has no mouse, and no map says less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, axe, type Desk } from './kit.ts';

interface View {
	id: string;
	current_visit: string;
	earlier_pins: object[];
	visits: { id: string; pin?: { lat_e7: number; lon_e7: number; distance_to_last_m?: number }; flags: object[]; photos: object[] }[];
}

const FLAGS = [
	['far_from_house', 'Titik jauh dari titik yang diterima sebelumnya, sehingga perlu dipastikan bahwa ini rumah yang sama.'],
	['outside_boundary', 'Titik berada di luar batas kelurahan yang berlaku untuk keluarga ini menurut data wilayah.'],
	['low_accuracy', 'Akurasi lokasi lebih rendah daripada yang diminta formulir kunjungan ini.'],
	['second_visit', 'Ada kunjungan lain untuk kasus ini.'],
	['late_sync', 'Kunjungan diterima lama sesudah dibuat.'],
].map(([flag, sentence]) => ({ flag, sentence }));

/** Opens a case that waits, read only, with two pins from before and five flags: the demo's houses have neither. */
async function open(desk: Desk, { earlier = true } = {}): Promise<void> {
	const { items } = await desk.get<{ items: { id: string }[] }>('/v1/cases?state=submitted&limit=100');
	const views = await Promise.all(items.map(({ id }) => desk.get<View>(`/v1/cases/${id}`)));
	const found = views.find(({ current_visit, visits }) => visits.some(({ id, pin }) => id === current_visit && pin != null));
	assert.ok(found !== undefined, 'no case with a pin waits for its review');
	await desk.page.unrouteAll();
	await desk.page.route(`**/v1/cases/${found.id}`, async (route) => {
		const reply = await route.fetch();
		const json = (await reply.json()) as View;
		const visit = json.visits.find(({ id }) => id === json.current_visit);
		assert.ok(visit?.pin);
		const { pin } = visit;
		const before = (lat: number, lon: number, accuracy_cm: number, taken_at: string) => ({ lat_e7: pin.lat_e7 + lat, lon_e7: pin.lon_e7 + lon, accuracy_cm, taken_at });
		json.earlier_pins = earlier ? [before(1_500, 3_200, 900, '2026-10-02T03:00:00Z'), before(-1_200, 900, 1_500, '2026-08-02T03:00:00Z')] : [];
		if (earlier) pin.distance_to_last_m = 39;
		visit.flags = FLAGS;
		await route.fulfill({ response: reply, json });
	});
	await desk.visit(`/tinjau/${found.id}`);
	await desk.page.locator('section.map svg[role="img"]').waitFor();
}

test('the big map of a pin says and draws what the small one does', { timeout: 120_000 }, async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const big = page.getByRole('dialog', { name: 'Peta besar' });
		const drawn = async () => {
			await page.keyboard.press('p');
			await big.locator('canvas.maplibregl-canvas').waitFor();
			await big.getByText('Memuat peta').waitFor({ state: 'detached' });
			await page.waitForTimeout(1_000);
			return await big.locator('.map').first().screenshot();
		};
		await open(desk);
		const small = page.locator('section.map');
		assert.equal(await small.locator('rect.old').count(), 3, 'two pins from before, and the legend');
		const said = (await small.locator('p.line').innerText()).trim();
		assert.match(said, /39 m dari titik 2 Okt 2026/);
		const withPins = await drawn();
		const line = big.locator('p.said');
		assert.equal((await line.innerText()).trim(), said);
		assert.ok(await line.evaluate((element) => element.scrollWidth <= element.clientWidth), 'all that is said is seen');
		await big.getByText('titik lama').waitFor();
		assert.equal(await big.locator('.inset svg').count(), 1, 'where in the village it is');
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Escape');
		await open(desk, { earlier: false });
		assert.notDeepEqual(await drawn(), withPins, 'pins from before are drawn');
	});
});

test('flags that are cut or left out are read in full from the keyboard, and no photo of the strip is cropped', { timeout: 120_000 }, async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await open(desk);
		// What a screen reader hears of the button is how much there is; what is seen of it is part of that.
		const button = page.getByRole('button', { name: /^\+2 lagi \(5 tanda, selengkapnya\)/ });
		await button.focus();
		await page.keyboard.press('Enter');
		const layer = page.getByRole('dialog', { name: 'Tanda' });
		const list = layer.getByRole('list', { name: 'Tanda' });
		assert.ok(await list.evaluate((element) => element === document.activeElement), 'the list has the focus');
		assert.equal(await list.getByRole('listitem').count(), FLAGS.length);
		for (const { sentence } of FLAGS) {
			const words = list.getByText(sentence ?? '');
			assert.ok(await words.evaluate((element) => element.scrollHeight <= element.clientHeight + 1), `${sentence} is cut`);
		}
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Escape');
		await layer.waitFor({ state: 'detached' });
		assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus goes back');
		const images = page.locator('.thumbs img');
		await images.first().waitFor();
		assert.deepEqual([...new Set(await images.evaluateAll((all) => all.map((image) => getComputedStyle(image).objectFit)))], ['contain']);
	});
});
