/** The contact sheet: twelve houses at once, the odd ones out, the rest accepted one by one in the journal. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { as, axe, Desk, OFFICE, PHONE, sideways } from './kit.ts';

/** Dead time after a sheet appears, and a little. */
const DEAD_MS = 400;

interface CaseView {
	id: string;
	state: string;
}

interface JournalRow {
	action: string;
	body: { hurried?: boolean; sheet_age_ms?: number; counted_ms?: number; sheet_houses?: number; body?: { on_sheet?: { sheet: string; shown_ms: number; houses: number } } };
}

let desk: Desk;

before(async () => {
	desk = await Desk.of('koordinator');
	// Photos of the last visits may still be waiting for their copies.
	for (let tries = 0; tries < 120; tries += 1) {
		const { items } = await desk.get<{ items: { id: string }[] }>('/v1/cases?state=submitted&limit=100');
		const views = await Promise.all(
			items.map(({ id }) => desk.get<{ visits: { photos: { state: string }[] }[] }>(`/v1/cases/${id}`)),
		);
		if (items.length > 0 && views.every(({ visits }) => visits.every(({ photos }) => photos.every(({ state }) => state !== 'received')))) return;
		await desk.page.waitForTimeout(1_000);
	}
	throw new Error('two minutes after the visits came their photos cannot be shown');
});
after(async () => {
	await desk.close();
});

const button = () => desk.page.locator('.acts button[aria-keyshortcuts="t"]');

/** Until the sheet is there with its photos decoded. */
async function ready(): Promise<void> {
	await desk.page.locator('.acts button[aria-keyshortcuts="t"]:not([aria-disabled="true"]):not([aria-busy="true"])').waitFor();
	await desk.page.waitForTimeout(DEAD_MS);
}

async function onSheet(): Promise<string[]> {
	return await desk.page.locator('[data-house]').evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.house ?? ''));
}

async function stateOf(id: string): Promise<string> {
	return (await desk.get<CaseView>(`/v1/cases/${id}`)).state;
}

test('the sheet fits without scrolling on what an office laptop leaves, and in one column on a phone', async () => {
	await desk.visit('/tinjau/lembar');
	await ready();
	const houses = await onSheet();
	assert.ok(houses.length >= 3, `${houses.length} houses for the sheet`);
	for (const height of [768, 625, 580]) {
		await desk.page.setViewportSize({ width: 1_366, height });
		const over = await desk.page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
		assert.ok(over <= 0, `${over} px too high at ${height}`);
		const cut = await desk.page.locator('.house .counts').evaluateAll((all) => all.filter((each) => each.scrollHeight > each.clientHeight + 1).length);
		assert.equal(cut, 0, `facts are cut at ${height}`);
	}
	assert.deepEqual(await axe(desk.page), []);
	await desk.page.setViewportSize(PHONE);
	assert.equal(await sideways(desk.page), 0);
	assert.deepEqual(await axe(desk.page), []);
	await desk.page.setViewportSize(OFFICE);
});

test('a sheet is accepted with two taken out, each house by itself, and taken back as a whole', async () => {
	await desk.visit('/tinjau/lembar');
	await ready();
	const houses = await onSheet();
	const [first, second, ...rest] = houses;
	assert.ok(first !== undefined && second !== undefined && rest.length > 0);
	await desk.page.keyboard.press('1');
	// The arrows go to a house, and Space is its own press.
	await desk.page.locator('[data-place="0"]').focus();
	await desk.page.keyboard.press('ArrowRight');
	await desk.page.keyboard.press('Space');
	assert.equal(await desk.page.locator('.photo[aria-pressed="true"]').count(), 2);
	// And one that was taken out by mistake is put back.
	await desk.page.keyboard.press('3');
	await desk.page.keyboard.press('3');
	assert.match(await button().innerText(), new RegExp(`Terima ${rest.length} rumah`));
	assert.ok(await desk.page.getByText('2 ditinjau satu per satu').isVisible());
	assert.deepEqual(await axe(desk.page), []);

	// Another photo of a house is a key away, and nothing else moves.
	await desk.page.keyboard.press('f');
	await desk.page.locator('[data-house]').nth(1).locator('.turn').getByText('2/').waitFor();

	// Without a line the picks stay, and what was said is sent when it is back.
	await desk.context.setOffline(true);
	await desk.page.keyboard.press('t');
	await desk.page.waitForTimeout(500);
	assert.equal(await desk.page.locator('.photo[aria-pressed="true"]').count(), 2);
	await desk.context.setOffline(false);
	await desk.page.waitForFunction((before) => !document.querySelector(`[data-house="${before}"]`), rest[0]);

	for (const id of rest) assert.equal(await stateOf(id), 'accepted');
	for (const id of [first, second]) assert.equal(await stateOf(id), 'submitted');

	// The whole sheet comes back, without those that were taken out.
	await desk.page.keyboard.press('u');
	await desk.page.locator(`[data-house="${rest[0] ?? ''}"]`).waitFor();
	await ready();
	assert.deepEqual((await onSheet()).toSorted(), rest.toSorted());
	for (const id of rest) assert.equal(await stateOf(id), 'submitted');
	await desk.page.keyboard.press('t');
	await desk.page.waitForFunction((before) => !document.querySelector(`[data-house="${before}"]`), rest[0]);
	for (const id of rest) assert.equal(await stateOf(id), 'accepted');

	// Those taken out are on no sheet any more, and a link away.
	assert.ok((await onSheet()).every((id) => id !== first && id !== second));
	assert.equal(await desk.page.locator(`a[href="/tinjau/${first}"]`).count(), 1);
	await as('koordinator2', async (other) => {
		const sheet = (await (await other.ask('post', '/v1/review/sheets', {})).json()) as { houses: { case: string }[] };
		assert.ok(sheet.houses.every(({ case: id }) => id !== first && id !== second));
	});

	// The journal has each by itself, with the time it was on the screen.
	await as('inspektorat', async (auditor) => {
		const sheets = new Set<string>();
		for (const id of rest) {
			const { items } = await auditor.get<{ items: JournalRow[] }>(`/v1/journal?case=${id}&limit=50`);
			const acts = items.filter(({ action }) => action === 'case.accept');
			assert.equal(acts.length, 2, 'accepted, taken back, accepted');
			for (const { body } of acts) {
				const on = body.body?.on_sheet;
				assert.ok(on !== undefined && on.shown_ms >= DEAD_MS && on.shown_ms <= (body.sheet_age_ms ?? 0));
				assert.ok([rest.length, houses.length].includes(on.houses));
				assert.equal(body.counted_ms, on.shown_ms);
				assert.equal(body.sheet_houses, on.houses);
				assert.equal(body.hurried, on.shown_ms < 500 * on.houses);
				sheets.add(on.sheet);
			}
			assert.equal(items.filter(({ action }) => action === 'case.withdraw').length, 1);
		}
		assert.equal(sheets.size, 2);
		const { items } = await auditor.get<{ items: JournalRow[] }>(`/v1/journal?case=${first}&limit=50`);
		assert.equal(items.filter(({ action }) => action === 'case.take_off_sheet').length, 1);
	});
});

test('a photo that does not come keeps its house from being accepted, and says so', async () => {
	// Whatever is left may be too little: what was accepted is taken back first.
	const { items } = await desk.get<{ items: { id: string; version: number }[] }>('/v1/cases?state=accepted&limit=100');
	const back: string[] = [];
	for (const { id, version } of items) {
		const history = await desk.get<{ items: { action: string; on_sheet?: object }[] }>(`/v1/cases/${id}/history`);
		if (history.items[0]?.on_sheet === undefined || back.length >= 3) continue;
		const undone = await desk.ask('post', `/v1/cases/${id}/withdraw`, { event_id: crypto.randomUUID(), seen_version: version });
		if (undone.ok()) back.push(id);
	}
	assert.ok(back.length > 0);
	const sheet = (await (await desk.ask('post', '/v1/review/sheets', { again: back })).json()) as {
		houses: { case: string; photos: { id: string; kind: string }[] }[];
	};
	const broken = sheet.houses[0];
	const front = broken?.photos.find(({ kind }) => kind === 'house_front')?.id ?? '';
	await desk.page.route(`**/v1/photos/${front}/320`, (route) => route.abort());
	await desk.visit('/tinjau/lembar');
	const card = desk.page.locator(`[data-house="${broken?.case ?? ''}"]`);
	await card.getByText('Foto gagal, tidak diterima').waitFor();
	await desk.page.unroute(`**/v1/photos/${front}/320`);
	await card.getByRole('button', { name: 'Muat ulang' }).click();
	await card.locator('img').waitFor();
	assert.equal(await card.getByText('Foto gagal, tidak diterima').count(), 0);
	assert.deepEqual(desk.faults(), []);
});
