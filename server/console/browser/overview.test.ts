/** The month at a glance: the page says what the server counted, files hold what is shown, and it prints. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { parseCsv } from '../src/lib/admin/csv.ts';
import { as, axe, OFFICE, PHONE, sideways, type Desk } from './kit.ts';

interface Counts {
	readonly target: number;
	readonly visited: number;
	readonly returned: number;
	readonly accepted: number;
	readonly decided: number;
	readonly overdue: number;
}

interface Overview {
	readonly month: string;
	readonly now: Counts;
	readonly villages: readonly { region: string; counts: Counts; waiting: number }[];
	readonly officers: readonly { name?: string; counts: Counts }[];
	readonly days: readonly { day: string; target: number; visited: number }[];
}

const number = (value: number) => new Intl.NumberFormat('id-ID').format(value);

async function counted(desk: Desk, query = ''): Promise<Overview> {
	return await desk.get<Overview>(`/v1/overview${query}`);
}

/** The numbers as the page says them, by their words. */
async function told(desk: Desk): Promise<Record<string, string>> {
	const pairs = await desk.page.locator('dl div').evaluateAll((all) =>
		all.map((one) => [one.querySelector('dt')?.textContent ?? '', one.querySelector('dd.kpi')?.textContent ?? '']),
	);
	return Object.fromEntries(pairs) as Record<string, string>;
}

function saysOf({ now }: Overview): Record<string, string> {
	return {
		Dikunjungi: number(now.visited),
		Dikembalikan: number(now.returned),
		Diterima: number(now.accepted),
		Diputuskan: number(now.decided),
		Terlambat: number(now.overdue),
	};
}

test('the numbers are the server’s, of the month and the region in the address', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/ringkasan');
		const all = await counted(desk);
		assert.ok(all.now.target > 0 && all.now.visited > 0, 'the demo has visits');
		assert.deepEqual(await told(desk), saysOf(all));
		const code = all.villages.find((village) => village.counts.visited > 0)?.region;
		assert.ok(code !== undefined);
		await page.getByLabel('Wilayah', { exact: true }).selectOption(code);
		await page.waitForURL((url) => url.searchParams.get('region') === code);
		await desk.settled();
		const one = await counted(desk, `?region=${code}`);
		assert.deepEqual(await told(desk), saysOf(one));
		assert.ok(one.now.target < all.now.target);
		// A number leads to the list it is about.
		await page.getByRole('link', { name: 'Lihat yang menunggu tinjauan' }).click();
		await page.waitForURL((url) => url.pathname === '/kasus' && url.searchParams.get('state') === 'submitted' && url.searchParams.get('region') === code);
		await page.goBack();
		await desk.settled();
		// A month without cases says so.
		await desk.visit('/ringkasan?month=2020-02');
		assert.match(await page.locator('main').innerText(), /Februari 2020/);
		// What is no month is the present one.
		await desk.visit('/ringkasan?month=2020-13');
		assert.deepEqual(await told(desk), saysOf(await counted(desk)));
	});
});

test('a chart’s table and its file hold the same rows', async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		await desk.visit('/ringkasan');
		const all = await counted(desk);
		const figure = page.getByRole('figure').filter({ hasText: 'Per kelurahan' });
		await figure.getByRole('button', { name: 'Tampilkan tabel' }).click();
		const shown = await figure.locator('tbody tr').evaluateAll((rows) =>
			rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent?.trim() ?? '')),
		);
		assert.equal(shown.length, all.villages.length);
		const late = all.villages.map((village) => village.counts.overdue).toSorted((a, b) => b - a);
		assert.deepEqual(shown.map((row) => row[6]), late.map(number));
		// An admin reads no cases, and is offered none.
		assert.equal(await figure.locator('tbody a').count(), 0);
		const [download] = await Promise.all([page.waitForEvent('download'), figure.getByRole('button', { name: 'Unduh CSV: Per kelurahan' }).click()]);
		assert.match(download.suggestedFilename(), /^ringkasan-kelurahan-\d{4}-\d{2}\.csv$/);
		const text = await readFile(await download.path(), 'utf8');
		assert.ok(text.startsWith('\uFEFF'));
		const lines = text.slice(1).trimEnd().split('\r\n').slice(1);
		const plain = (cell: string) => cell.replaceAll('.', '');
		assert.deepEqual(
			lines.map((row) => row.split(';').slice(1)),
			shown.map((row) => row.slice(1).map(plain)),
		);
	});
});

/** The file that a button gives: its name and its rows. */
async function fileOf(desk: Desk, button: string): Promise<{ name: string; text: string; rows: string[][] }> {
	const [download] = await Promise.all([desk.page.waitForEvent('download'), desk.page.getByRole('button', { name: button, exact: true }).click()]);
	const text = await readFile(await download.path(), 'utf8');
	return { name: download.suggestedFilename(), text, rows: parseCsv(text).map((row) => [...row.cells]) };
}

/** The tables as they are shown, each under its name, as a file would have them. */
async function shownTables(desk: Desk): Promise<Record<string, string[][]>> {
	const closed = desk.page.getByRole('button', { name: 'Tampilkan tabel' });
	while ((await closed.count()) > 0) await closed.first().click();
	const tables = await desk.page.getByRole('figure').filter({ has: desk.page.locator('table') }).evaluateAll((figures) =>
		figures.map((figure) => {
			const rows = [...figure.querySelectorAll('tr')].map((row) =>
				// What is drawn in a cell is not in a file.
				[...row.children].map((cell) => (cell.querySelector('svg') === null ? (cell.textContent ?? '').trim() : null)),
			);
			const drawn = rows.at(-1)?.indexOf(null) ?? -1;
			return [figure.querySelector('figcaption p')?.textContent ?? '', rows.map((row) => row.filter((_, at) => at !== drawn))] as const;
		}),
	);
	const plain = (cell: string | null) => (cell ?? '').replaceAll(/(?<=\d)\.(?=\d{3})/g, '');
	return Object.fromEntries(tables.map(([name, rows]) => [name, rows.map((row) => row.map(plain))]));
}

test('one file holds every table that is shown, and says of which month, region and moment it is', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const month = (await counted(desk)).month;
		const code = (await counted(desk)).villages.find((village) => village.counts.visited > 0)?.region ?? '';
		for (const region of [null, code]) {
			await desk.visit(region === null ? '/ringkasan' : `/ringkasan?region=${region}`);
			const tables = await shownTables(desk);
			assert.deepEqual(Object.keys(tables).slice(-2), ['Per kelurahan', 'Per petugas']);
			const file = await fileOf(desk, 'Unduh semua (CSV)');
			assert.equal(file.name, region === null ? `ringkasan-${month}.csv` : `ringkasan-${month}-${region}.csv`);
			assert.ok(file.text.startsWith('\uFEFF'));
			const where = region === null ? 'Semua wilayah saya' : await page.getByLabel('Wilayah', { exact: true }).locator('option:checked').innerText();
			assert.equal(file.rows[0]?.[0], 'Ringkasan');
			assert.equal(await page.locator('.where').innerText(), `${file.rows[0]?.[1]}, ${file.rows[1]?.[1]}`);
			assert.ok(file.rows[1]?.[1]?.includes(where.trim().split(',')[0] ?? where), `${file.rows[1]?.[1]} is not ${where}`);
			assert.equal(await page.getByText(/^Dihitung /).innerText(), `Dihitung ${file.rows[2]?.[1]}`);
			for (const [name, rows] of Object.entries(tables)) {
				const at = file.rows.findIndex(([first]) => first === name);
				assert.ok(at > 0, name);
				const figure = page.getByRole('figure').filter({ hasText: name });
				assert.equal(file.rows[at]?.[1], await figure.getByRole('heading').innerText());
				assert.deepEqual(file.rows.slice(at + 1, at + 1 + rows.length), rows, name);
			}
			const said = await told(desk);
			const numbers = Object.fromEntries(Object.keys(said).map((word) => [word, number(Number(file.rows.find(([first]) => first === word)?.[1]))]));
			assert.deepEqual(numbers, said);
		}
	});
});

test('charts say their numbers in words, and draw each as long as it is', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const all = await counted(desk);
		await desk.visit('/ringkasan');
		const chart = (name: string) => page.getByRole('figure').filter({ hasText: name }).getByRole('img').first();
		const days = chart('Perkembangan harian');
		assert.equal(await days.getAttribute('aria-label'), await page.getByRole('figure').filter({ hasText: 'Perkembangan harian' }).getByRole('heading').innerText());
		const words = (await days.textContent()) ?? '';
		for (const each of [`Kasus ${number(all.now.target)}`, `Dikunjungi ${number(all.days.at(-1)?.visited ?? 0)}`, 'hari ini', 'Tanggal pada']) {
			assert.ok(words.includes(each), `${each} in ${words}`);
		}
		const lines = await days.locator('path').evaluateAll((paths) => paths.map((path) => path.getAttribute('d')?.match(/[ML]/g)?.length ?? 0));
		assert.deepEqual(lines, Array.from({ length: 4 }, () => all.days.length));
		const villages = page.getByRole('figure').filter({ hasText: 'Per kelurahan' });
		const bars = await villages.locator('g:has(> title)').evaluateAll((rows) =>
			rows.map((row) => ({
				title: row.querySelector('title')?.textContent ?? '',
				name: row.querySelector('text')?.textContent?.trim() ?? '',
				long: [...row.querySelectorAll('rect, path')].reduce((sum, part) => sum + (part as SVGGraphicsElement).getBBox().width, 0),
				number: Number(row.querySelector('text.value')?.firstChild?.textContent?.trim().replaceAll('.', '')),
			})),
		);
		assert.deepEqual(bars.map((bar) => bar.number).toSorted((a, b) => a - b), all.villages.map((village) => village.counts.target).toSorted((a, b) => a - b));
		const scale = Math.max(...bars.map((bar) => bar.long / bar.number));
		for (const bar of bars) {
			assert.ok(bar.title.startsWith(bar.name), bar.title);
			assert.ok(bar.long > 0 && Math.abs(bar.long - bar.number * scale) < 1.5, `${bar.name}: ${bar.long} of ${bar.number}`);
		}
	});
});

/** A city in the middle of its month: every village that there is, and forty officers. */
async function bigCity(desk: Desk): Promise<number> {
	const { items } = await desk.get<{ items: { code: string }[] }>('/v1/regions');
	const codes = items.map(({ code }) => code).filter((code) => code.length === '35.71.03.1009'.length);
	const counts = (at: number): Counts => ({ target: 1_000 - 17 * at, visited: 700 - 15 * at, returned: at, accepted: 400 - 8 * at, decided: 100, overdue: 10 + ((at * 7) % 90) });
	await desk.context.route('**/v1/overview*', async (route) => {
		const response = await route.fetch();
		const json = (await response.json()) as object;
		const villages = codes.map((region, at) => ({ region, counts: counts(at), waiting: 5 * (at % 9) }));
		const officers = Array.from({ length: 40 }, (_, at) => ({
			officer: crypto.randomUUID(),
			name: `Petugas Bernama Panjang Sekali ${at}`,
			counts: counts(at),
			waiting: at,
			median_min: 90 * at,
		}));
		await route.fulfill({ response, json: { ...json, now: counts(0), villages, officers } });
	});
	return codes.length;
}

test('a whole city’s villages stay readable: none lies on another, on a desk, a phone and paper', async () => {
	for (const viewport of [OFFICE, PHONE]) {
		await as(
			'koordinator',
			async (desk) => {
				const { page } = desk;
				const villages = await bigCity(desk);
				assert.ok(villages > 40, `${villages} villages`);
				await desk.visit('/ringkasan');
				assert.equal(await sideways(page), 0);
				const rows = page.getByRole('figure').filter({ hasText: 'Per kelurahan' }).locator('g:has(> title)');
				assert.equal(await rows.count(), villages);
				assert.equal(await page.getByRole('figure').filter({ hasText: 'Per petugas' }).locator('tbody tr').count(), 40);
				for (const media of ['screen', 'print'] as const) {
					await page.emulateMedia({ media });
					const boxes = await rows.evaluateAll((all) =>
						all.map((row) => {
							const { right, top, bottom } = row.getBoundingClientRect();
							const [name, value] = row.querySelectorAll('text');
							const bar = row.querySelector('rect, path')?.getBoundingClientRect();
							return { right, top, bottom, gap: (bar?.left ?? 0) - (name?.getBoundingClientRect().right ?? 0), size: value?.getBoundingClientRect().height ?? 0 };
						}),
					);
					const width = await page.evaluate(() => document.documentElement.clientWidth);
					for (const [at, box] of boxes.entries()) {
						assert.ok(box.top >= (boxes[at - 1]?.bottom ?? 0) - 1, `${media}: row ${at} lies on the one before`);
						assert.ok(box.gap > 0 && box.right <= width && box.size > 9, `${media}: row ${at}: ${JSON.stringify(box)} in ${width}`);
					}
				}
			},
			{ viewport },
		);
	}
});

test('it prints: words and drawn lines, no controls', async () => {
	await as('inspektorat', async (desk) => {
		const { page } = desk;
		await desk.visit('/ringkasan');
		await page.emulateMedia({ media: 'print' });
		assert.equal(await page.getByRole('button', { name: 'Cetak' }).isVisible(), false);
		assert.equal(await page.getByLabel('Wilayah', { exact: true }).isVisible(), false);
		assert.equal(await page.getByRole('heading', { level: 1 }).isVisible(), true);
		const pdf = await page.pdf({ format: 'A4', printBackground: true });
		const source = pdf.toString('latin1');
		assert.ok(source.startsWith('%PDF') && pdf.length > 20_000, `${pdf.length} bytes`);
		// A picture of the page would be an image; this is text with its fonts.
		assert.ok(source.includes('/Font') && !source.includes('/Subtype /Image'));
	});
});

test('paper is light, whatever the screen is', async () => {
	await as(
		'inspektorat',
		async (desk) => {
			const { page } = desk;
			await desk.visit('/ringkasan');
			const look = () =>
				page.locator('figure').first().evaluate((figure) => ({
					paper: getComputedStyle(figure).backgroundColor,
					ink: getComputedStyle(figure.querySelector('svg text')!).fill,
				}));
			const dark = await look();
			await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
			const paper = await look();
			assert.notDeepEqual(paper, dark);
			await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
			assert.deepEqual(paper, await look());
		},
		{ theme: 'dark' },
	);
});

test('it is usable on a phone’s width, in both themes', async () => {
	for (const theme of ['light', 'dark'] as const) {
		await as(
			'verifikator',
			async (desk) => {
				await desk.visit('/ringkasan');
				assert.equal(await sideways(desk.page), 0);
				const closed = desk.page.getByRole('button', { name: 'Tampilkan tabel' });
				// A table that is shown has another button.
				while ((await closed.count()) > 0) await closed.first().click();
				assert.equal(await sideways(desk.page), 0);
				assert.deepEqual(await axe(desk.page), []);
			},
			{ viewport: PHONE, theme },
		);
	}
});
