/** Maps: the full one on a key, a browser that draws none, and a base map under it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';

import { as, axe, PHONE, sideways, type Desk } from './kit.ts';

async function toReview(desk: Desk): Promise<void> {
	await desk.visit('/tinjau');
	await desk.page.locator('[data-focus-start]').first().waitFor();
}

test('P opens the full map beside nothing else, Esc closes it and gives the focus back', { timeout: 120_000 }, async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const scripts: string[] = [];
		page.on('request', (request) => void (request.resourceType() === 'script' && scripts.push(request.url())));
		await toReview(desk);
		// Not every visit brings a pin: a case without one is let go for the next.
		for (let n = 0; n < 20 && (await page.locator('section.map svg[role="img"]').count()) === 0; n += 1) {
			const name = await page.locator('h1').innerText();
			await page.keyboard.press('l');
			await page.waitForFunction((last) => document.querySelector('h1')?.textContent !== last, name);
			await page.locator('[data-focus-start]').first().waitFor();
		}
		const before = scripts.length;
		const button = page.getByRole('button', { name: /^Perbesar peta/ });
		await button.focus();
		await page.keyboard.press('p');
		const layer = page.getByRole('dialog', { name: 'Peta besar' });
		await layer.locator('canvas.maplibregl-canvas').waitFor();
		assert.ok(scripts.length > before, 'the map is loaded when it is asked for');
		assert.match((await layer.locator('canvas').getAttribute('aria-label')) ?? '', /^Peta: /);
		const village = layer.getByRole('button', { name: 'Seluruh kelurahan' });
		if ((await village.count()) > 0) await village.click();
		assert.deepEqual(await axe(page), []);
		// Out of the map's own hands.
		await layer.locator('canvas').focus();
		await page.keyboard.press('Escape');
		await layer.waitFor({ state: 'detached' });
		assert.ok(await button.evaluate((element) => element === document.activeElement || document.activeElement?.closest('[data-focus-start]') !== null));
	});
});

test('what the marks of the map mean is told in both themes, and unfolds by key on a phone', { timeout: 120_000 }, async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/peta');
		await page.locator('canvas.maplibregl-canvas').waitFor();
		const legend = page.locator('details', { has: page.getByText('Arti tanda') });
		const states = await page.getByLabel('Keadaan').locator('option').allInnerTexts();
		assert.ok(states.length > 5);
		for (const state of states.slice(1)) await legend.getByText(state, { exact: true }).waitFor();
		const canvas = await page.locator('canvas.maplibregl-canvas').boundingBox();
		const shown = await legend.boundingBox();
		assert.ok(canvas && shown && canvas.y + canvas.height <= shown.y + 1, 'it covers nothing of the map');
		const colours = async () => await legend.locator('svg').evaluateAll((all) => all.map((one) => getComputedStyle(one).color).join(' '));
		const light = await colours();
		await page.emulateMedia({ colorScheme: 'dark' });
		assert.notEqual(await colours(), light);
		await page.setViewportSize(PHONE);
		await page.reload();
		await desk.settled();
		const summary = legend.locator('summary');
		await summary.waitFor();
		assert.ok(!(await legend.getByText('Dikembalikan').isVisible()), 'on a phone it is folded');
		await summary.focus();
		await page.keyboard.press('Enter');
		await legend.getByText('Dikembalikan').waitFor();
		assert.deepEqual(await axe(page), []);
		assert.equal(await sideways(page), 0);
	});
});

test('where the browser draws no map, the big map is a drawing and the page of the map a list with outlines', { timeout: 120_000 }, async () => {
	await as(
		'koordinator',
		async (desk) => {
			const { page } = desk;
			await desk.visit('/peta');
			await page.getByText(/WebGL tidak ada/).waitFor();
			await page.getByRole('img', { name: 'Peta' }).first().waitFor();
			await page.getByRole('main').getByRole('list').or(page.getByRole('main').getByRole('table')).first().waitFor();
			assert.deepEqual(await axe(page), []);
			assert.equal(await sideways(page), 0);
			await toReview(desk);
			await page.keyboard.press('p');
			const layer = page.getByRole('dialog', { name: 'Peta besar' });
			await layer.getByRole('img', { name: /^Peta: / }).waitFor();
			assert.equal(await layer.locator('canvas').count(), 0);
		},
		{ webgl: false },
	);
});

/** A picture of one colour, as large as a tile. */
function png(): Buffer {
	const crcOf = (bytes: Buffer) => {
		let crc = ~0;
		for (const byte of bytes) {
			crc ^= byte;
			for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
		}
		return ~crc >>> 0;
	};
	const chunk = (name: string, data: Buffer) => {
		const body = Buffer.concat([Buffer.from(name), data]);
		const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
		length.writeUInt32BE(data.length);
		crc.writeUInt32BE(crcOf(body));
		return Buffer.concat([length, body, crc]);
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(256, 0);
	head.writeUInt32BE(256, 4);
	head.set([8, 2, 0, 0, 0], 8);
	const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(256 * 3, 0x77)]);
	const rows = Buffer.concat(Array.from({ length: 256 }, () => row));
	const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
	return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** A PMTiles file of one picture that covers the earth. */
function pmtiles(): Buffer {
	const tile = png();
	const varint = (n: number): number[] => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...varint(n >>> 7)]);
	// One entry: tile 0, once, so long, at the beginning.
	const root = Buffer.from([1, 0, 1, ...varint(tile.length), 1].flat());
	const meta = Buffer.from(JSON.stringify({ attribution: '<b>&copy; Peta uji</b>' }));
	const head = Buffer.alloc(127);
	head.write('PMTiles');
	head[7] = 3;
	const at = (offset: number, value: number) => head.writeBigUInt64LE(BigInt(value), offset);
	at(8, 127);
	at(16, root.length);
	at(24, 127 + root.length);
	at(32, meta.length);
	at(56, 127 + root.length + meta.length);
	at(64, tile.length);
	for (const offset of [72, 80, 88]) at(offset, 1);
	// Clustered, nothing compressed, PNG, zoom 0 alone.
	head.set([1, 1, 1, 2, 0, 0], 96);
	for (const [offset, degrees] of [[102, -180], [106, -85], [110, 180], [114, 85]] as const) head.writeInt32LE(degrees * 1e7, offset);
	return Buffer.concat([head, root, meta, tile]);
}

test('a base map of pictures is drawn under the families, asked for in parts of this server alone', { timeout: 120_000 }, async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const file = pmtiles();
		const parts: string[] = [];
		// The demo has no base map: the server's own part is tested where the server is.
		await page.route('**/v1/map/base', (route) => route.fulfill({ json: { tiles: 'raster' } }));
		await page.route('**/v1/map/base.pmtiles', (route) => {
			const range = /bytes=(\d+)-(\d+)/.exec(route.request().headers()['range'] ?? '');
			assert.ok(range, 'only parts are asked for');
			const [from, to] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
			parts.push(range[0]);
			return route.fulfill({
				status: 206,
				headers: { 'content-range': `bytes ${from}-${to}/${file.length}`, etag: '"uji"', 'content-type': 'application/vnd.pmtiles' },
				body: file.subarray(from, to + 1),
			});
		});
		await desk.visit('/peta');
		await page.locator('canvas.maplibregl-canvas').waitFor();
		await page.getByText('© Peta uji').waitFor();
		assert.ok(parts.length >= 2, parts.join(' '));
		assert.deepEqual(desk.faults(), []);
	});
});
