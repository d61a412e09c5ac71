/** The bar: menus that open by mouse and by keys, on a wide window and on a phone; two keys to any page; typing a page's name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, axe, Desk, OFFICE, PHONE, sideways } from './kit.ts';

const at = (desk: Desk) => new URL(desk.page.url()).pathname;
const focused = (desk: Desk) => desk.page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');

test('a menu opens, shows where one is, and closes by Esc, by a press elsewhere and by leaving', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/kuota');
		const button = page.getByRole('button', { name: 'Program & kuota' });
		assert.equal(await button.getAttribute('aria-current'), 'true');
		const kuota = page.getByRole('link', { name: 'Kuota', exact: true });
		assert.equal(await kuota.isVisible(), false);
		await button.click();
		assert.equal(await button.getAttribute('aria-expanded'), 'true');
		assert.equal(await kuota.getAttribute('aria-current'), 'page');
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('Escape');
		assert.equal(await kuota.isVisible(), false);
		await button.click();
		await page.mouse.click(OFFICE.width - 40, OFFICE.height - 40);
		assert.equal(await kuota.isVisible(), false);
		await desk.goTo('Musyawarah');
		assert.equal(at(desk), '/musyawarah');
		assert.equal(await page.getByRole('button', { name: 'Keluarga & usulan' }).getAttribute('aria-current'), 'true');
		assert.equal(await button.getAttribute('aria-current'), null);
	});
});

test('the arrows walk over the bar and through a menu; Tab leaves it and it closes', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/kuota');
		await page.getByRole('button', { name: 'Verifikasi' }).focus();
		await page.keyboard.press('ArrowRight');
		assert.match(await focused(desk), /^Keluarga & usulan/);
		await page.keyboard.press('ArrowDown');
		await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Keluarga');
		const pages = await page.locator('#menu-warga a').allTextContents();
		await page.keyboard.press('End');
		assert.equal(await focused(desk), pages.at(-1)?.trim());
		await page.keyboard.press('ArrowDown');
		await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Keluarga');
		await page.keyboard.press('Escape');
		assert.match(await focused(desk), /^Keluarga & usulan/);
		await page.keyboard.press('Enter');
		// Past the last of its pages is the next menu.
		for (let tabs = 0; tabs <= pages.length; tabs += 1) await page.keyboard.press('Tab');
		assert.match(await focused(desk), /^Program & kuota/);
		assert.equal(await page.locator('#menu-warga').isVisible(), false);
	});
});

test('M and a letter open every page there is for somebody; with single letters off they do nothing', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/tugas');
		await page.keyboard.press('m');
		const dialog = page.getByRole('dialog', { name: 'Semua halaman' });
		await dialog.waitFor();
		assert.deepEqual(await axe(page), []);
		const listed = await dialog.locator('a').evaluateAll((links) => links.map((link) => [link.getAttribute('href') ?? '', link.getAttribute('aria-keyshortcuts') ?? '']));
		const inBar = await desk.bar().evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
		for (const href of inBar) assert.ok(listed.some(([one]) => one === href), `${href} is listed`);
		await page.keyboard.press('Escape');
		for (const [href, letter] of listed) {
			assert.match(letter ?? '', /^[a-z0-9]$/, href);
			await page.keyboard.press('m');
			await dialog.waitFor();
			await page.keyboard.press(letter ?? '');
			await page.waitForURL(`**${href}`);
			await dialog.waitFor({ state: 'hidden' });
			await desk.settled();
		}
		await page.keyboard.press('?');
		await page.getByLabel('Pintasan satu huruf aktif').uncheck();
		await page.keyboard.press('Escape');
		await page.keyboard.press('m');
		assert.equal(await dialog.isVisible(), false);
	});
});

test('a page is found by typing its name', async () => {
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/tugas');
		await page.keyboard.press('Control+k');
		await page.getByRole('combobox').fill('musya');
		await page.keyboard.press('Enter');
		await page.waitForURL('**/musyawarah');
	});
});

for (const theme of ['light', 'dark'] as const) {
	test(`on a phone the menu is one list with every page under its menu's name, ${theme}`, async () => {
		await as(
			'operator1',
			async (desk) => {
				const { page } = desk;
				for (const width of [PHONE.width, 320]) {
					await page.setViewportSize({ width, height: 568 });
					await desk.visit('/kuota');
					assert.equal(await desk.bar().first().isVisible(), false);
					await page.getByRole('button', { name: 'Menu', exact: true }).click();
					for (const link of await desk.bar().all()) {
						await link.scrollIntoViewIfNeeded();
						const box = await link.boundingBox();
						assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width && box.height >= 24, JSON.stringify(box));
					}
					await page.getByText('Keluarga & usulan', { exact: true }).and(page.locator('p')).waitFor();
					assert.equal(await sideways(page), 0);
					assert.deepEqual(await axe(page), []);
					await desk.goTo('Usulan pembatalan');
					assert.equal(at(desk), '/pembatalan');
					assert.equal(await desk.bar().first().isVisible(), false);
				}
			},
			{ theme },
		);
	});
}

test('the bar of every role fits an office window and one at 125 %', async () => {
	for (const name of ['koordinator', 'operator1', 'verifikator', 'kepala', 'admin', 'inspektorat']) {
		await as(name, async (desk) => {
			for (const viewport of [OFFICE, { width: 1093, height: 500 }]) {
				await desk.page.setViewportSize(viewport);
				await desk.visit('/akun');
				assert.equal(await sideways(desk.page), 0, `${name}, ${viewport.width}`);
				const over = await desk.page.evaluate(() => {
					const nav = document.querySelector('nav#menu > ul');
					const end = document.querySelector('header .end');
					return nav === null || end === null ? Number.NaN : nav.getBoundingClientRect().left + nav.scrollWidth - end.getBoundingClientRect().left;
				});
				assert.ok(over <= 0, `${name}, ${viewport.width}: ${over} px over what follows`);
			}
		});
	}
});
