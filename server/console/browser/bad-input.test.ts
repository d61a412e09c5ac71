/** What the server may lack or not have ready yet: the pages say so, and go on when it is there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, type Desk } from './kit.ts';

interface Case {
	visits: { photos: { state: string }[]; pin: { outside_m?: number | null } | null }[];
}

/** An accepted or submitted case: nobody's to judge on the page of one case. */
async function someCase(desk: Desk): Promise<string> {
	for (const state of ['submitted', 'accepted']) {
		const { items } = await desk.get<{ items: { id: string }[] }>(`/v1/cases?state=${state}&limit=1`);
		const id = items[0]?.id;
		if (id !== undefined) return id;
	}
	throw new Error('no case has evidence');
}

/** Has the page get another answer than the server's: what that makes of it. */
async function answered(desk: Desk, path: string, change: (view: Case) => void): Promise<void> {
	await desk.page.route(`**${path}`, async (route) => {
		const reply = await route.fetch();
		const view = (await reply.json()) as Case;
		change(view);
		await route.fulfill({ response: reply, json: view });
	});
}

test('a case whose photos are still being made ready says so, and shows them by itself', async () => {
	await as('inspektorat', async (desk) => {
		const id = await someCase(desk);
		let asked = 0;
		await answered(desk, `/v1/cases/${id}`, ({ visits }) => {
			asked += 1;
			if (asked > 2) return;
			for (const photo of visits.flatMap(({ photos }) => photos)) photo.state = 'received';
		});
		await desk.page.goto(`/tinjau/${id}`);
		await desk.page.getByText('Foto masih diproses').first().waitFor();
		// Nobody touches anything from here on.
		await desk.page.locator('.stage img').first().waitFor();
		assert.equal(await desk.page.getByText('Foto masih diproses').count(), 0);
		assert.ok(asked > 2, `asked ${asked} times`);
		const after = asked;
		await desk.page.waitForTimeout(7_000);
		assert.equal(asked, after, 'goes on asking for what is there');
	});
});

test('a village without a boundary is told of, and its pins and families are shown all the same', async () => {
	await as('koordinator', async (desk) => {
		const id = await someCase(desk);
		const missing = { type: 'about:blank', title: 'Tidak ditemukan', status: 404, code: 'not_found', request_id: '' };
		await desk.page.route('**/v1/regions/*/outline', async (route) => {
			await route.fulfill({ status: 404, contentType: 'application/problem+json', body: JSON.stringify(missing) });
		});
		await answered(desk, `/v1/cases/${id}`, ({ visits }) => {
			for (const { pin } of visits) if (pin !== null) pin.outside_m = null;
		});
		await desk.page.goto(`/tinjau/${id}`);
		await desk.page.getByText('tanpa batas kelurahan').first().waitFor();
		assert.ok(await desk.page.locator('.map circle.pin').first().isVisible());
		await desk.visit(`/kasus/${id}`);
		await desk.page.getByText('Batas kelurahan belum ada').first().waitFor();
		await desk.visit('/peta');
		await desk.page.getByText(/Batas \d+ kelurahan belum ada/).waitFor();
		await desk.page.getByText(/keluarga di bagian peta ini/).waitFor();
	});
});
