/** Every page as its people see it: accessible, within its window, in the city's time, small and quick. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { as, axe, Desk, OFFICE, PHONE, sideways } from './kit.ts';
import { addressOf, PAGES } from './pages.ts';

/** gzip −9 of the scripts that the review screen loads. */
const MOST_SCRIPT_KIB = 150;

for (const [name, paths] of Object.entries(PAGES)) {
	test(`axe finds nothing serious on the pages of ${name}, light and dark, and none is wider than a phone`, async (t) => {
		const desk = await Desk.of(name);
		const found: string[] = [];
		const titles = new Map<string, string>();
		try {
			for (const each of paths) {
				const path = await addressOf(desk, each);
				if (path === null) {
					found.push('there is nothing to show one page with');
					continue;
				}
				await desk.page.setViewportSize(OFFICE);
				await desk.page.emulateMedia({ colorScheme: 'light' });
				await desk.visit(path);
				const title = await desk.page.title();
				const before = titles.get(title);
				if (before !== undefined) found.push(`${path} has the title of ${before}: ${title}`);
				titles.set(title, path);
				const headings = await desk.page.locator('h1:visible').count();
				if (headings !== 1) found.push(`${path} has ${headings} headings h1`);
				for (const fault of await axe(desk.page)) found.push(`${path}: ${fault}`);
				await desk.page.setViewportSize(PHONE);
				await desk.page.emulateMedia({ colorScheme: 'dark' });
				await desk.page.waitForTimeout(150);
				for (const fault of await axe(desk.page)) found.push(`${path}, dark, 360 px: ${fault}`);
				for (const width of [360, 320]) {
					await desk.page.setViewportSize({ width, height: 740 });
					const over = await sideways(desk.page);
					if (over > 0) found.push(`${path} is ${over} px wider than ${width} px`);
				}
			}
			t.diagnostic(`${paths.length} pages`);
			assert.deepEqual(found, []);
			assert.deepEqual(desk.faults(), []);
		} finally {
			await desk.close();
		}
	});
}

test(`the review screen loads at most ${MOST_SCRIPT_KIB} KiB of script, and signing in shows within a second`, async (t) => {
	const desk = await Desk.open();
	try {
		await desk.page.goto('/masuk');
		await desk.page.getByLabel('Nama pengguna').waitFor();
		const first = await desk.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN);
		await desk.signIn('koordinator');
		await desk.page.goto('/tinjau');
		await desk.settled();
		const scripts = await desk.page.evaluate(() =>
			performance
				.getEntriesByType('resource')
				.map(({ name }) => name)
				.filter((url) => new URL(url).pathname.endsWith('.js')),
		);
		let bytes = 0;
		for (const url of scripts) bytes += gzipSync(await (await desk.context.request.get(url)).body(), { level: 9 }).length;
		t.diagnostic(`first view ${first.toFixed(0)} ms with an empty cache; ${scripts.length} scripts of the review screen, ${(bytes / 1024).toFixed(1)} KiB gzip`);
		assert.ok(scripts.length > 0);
		assert.ok(bytes <= MOST_SCRIPT_KIB * 1024, `${bytes} bytes`);
		assert.ok(first < 5_000, `the first view took ${first} ms`);
	} finally {
		await desk.close();
	}
});

test('times are the city’s, whatever the computer’s clock and zone', async () => {
	const told: string[] = [];
	for (const wrong of [false, true]) {
		const desk = await Desk.of('inspektorat', wrong ? { timezone: 'America/New_York' } : {});
		try {
			if (wrong) await desk.page.clock.install({ time: Date.now() + 86_400_000 });
			const oldest = await desk.get<{ items: { at: string }[] }>('/v1/journal?limit=1');
			assert.equal(oldest.items.length, 1);
			await desk.visit('/jejak');
			const text = await desk.page.locator('table').innerText();
			assert.match(text, /\d{1,2}\.\d{2}/);
			assert.doesNotMatch(text, /\d{1,2}:\d{2}/);
			told.push(/\d{1,2} \w{3} \d{4}, \d{1,2}\.\d{2}/.exec(text)?.[0] ?? '');
		} finally {
			await desk.close();
		}
	}
	assert.notEqual(told[0], '');
	assert.equal(told[0], told[1]);
});

test('a name is shown as it is written, whatever is in it', async () => {
	await as('admin', async (desk) => {
		const strange = `<b>Budi</b> "Tole" 😀 ${'panjang '.repeat(18)}`.trim();
		const made = await desk.ask('post', '/v1/users', {
			event_id: crypto.randomUUID(),
			username: `uji.${Date.now()}`,
			name: strange,
			password: 'kata sandi pertama ini',
		});
		assert.ok(made.ok(), await made.text());
		const { id } = (await made.json()) as { id: string };
		await desk.visit(`/pengguna/${id}`);
		await desk.page.getByText(strange).first().waitFor();
		assert.equal(await desk.page.locator('h1 b').count(), 0);
		assert.equal(await sideways(desk.page), 0);
	});
});
