/**
 * The server goes away in the middle of a review and comes back on the same data. It is this file's own server, on what a demo
 * has left: `tests/console/run` says where that is, once its demo has ended.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { after, test } from 'node:test';

import { BASE, Desk } from './kit.ts';

const PROGRAM = process.env.TILIK_PROGRAM;
const FOLDER = process.env.TILIK_LEFT_BEHIND;
const STARTS_MS = 60_000;

let server: ChildProcess | null = null;
after(() => server?.kill('SIGKILL'));

async function start(): Promise<void> {
	assert.ok(PROGRAM !== undefined && FOLDER !== undefined);
	server = spawn(PROGRAM, ['serve', '--demo'], {
		env: {
			PATH: process.env.PATH,
			HOME: FOLDER,
			TILIK_DATA_DIR: `${FOLDER}/server`,
			TILIK_KEYS: `${FOLDER}/server-keys.json`,
			TILIK_LISTEN: new URL(BASE).host,
			TILIK_PUBLIC_URL: BASE,
		},
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	for (const from = Date.now(); ; ) {
		const alive = await fetch(`${BASE}/health/ready`).then(
			({ ok }) => ok,
			() => false,
		);
		if (alive) return;
		assert.equal(server.exitCode, null, 'the server ended at once');
		assert.ok(Date.now() - from < STARTS_MS, 'the server does not answer');
		await pause(200);
	}
}

/** Without a word, as a power cut. */
async function kill(): Promise<void> {
	const gone = server;
	if (gone === null) return;
	const ended = new Promise((done) => gone.once('exit', done));
	gone.kill('SIGKILL');
	await ended;
	server = null;
}

async function acts(desk: Desk, id: string, action: string): Promise<number> {
	const { items } = await desk.get<{ items: { action: string }[] }>(`/v1/cases/${id}/history`);
	return items.filter((row) => row.action === action).length;
}

test(
	'what is judged while the server is away is sent once when it is back, with the words that were typed',
	{ skip: PROGRAM === undefined || FOLDER === undefined ? 'no data of a demo that has ended' : false },
	async () => {
		await start();
		const desk = await Desk.of('koordinator');
		try {
			await desk.visit('/tinjau');
			const ready = async () => {
				await desk.page.locator('.acts button[aria-keyshortcuts="t"]:not([aria-disabled="true"])').waitFor();
				await desk.page.waitForTimeout(350);
			};
			const held = async () => {
				const shown = (await desk.page.locator('h1').innerText()).trim();
				const claimed = await desk.ask('post', '/v1/review/claim', { limit: 3, have: [] });
				const { case: first, more } = (await claimed.json()) as Record<'case', { id: string; family: { name: string } }> & { more: { id: string; family: { name: string } }[] };
				const found = [first, ...more].find(({ family }) => family.name === shown);
				assert.ok(found !== undefined, `${shown} is on the screen and not held`);
				return found.id;
			};
			await ready();
			const first = await held();
			const returned = await acts(desk, first, 'case.return');
			// A reason is half written when the server goes.
			await desk.page.keyboard.press('x');
			await desk.page.keyboard.press('2');
			await desk.page.keyboard.press('Escape');
			await desk.page.keyboard.press('n');
			await desk.page.locator('textarea').fill('Foto ulang dari');
			await kill();
			await desk.page.locator('textarea').pressSequentially(' jalan, ya.');
			await desk.page.keyboard.press('Control+Enter');
			await desk.page.getByText('Luring', { exact: true }).waitFor();
			// Once more from the outbox while nobody is there; then it is.
			await pause(3_000);
			await start();
			const until = Date.now() + 90_000;
			let now = returned;
			while (now === returned && Date.now() < until) {
				await pause(1_000);
				now = await acts(desk, first, 'case.return').catch(() => returned);
			}
			assert.equal(now, returned + 1, 'the return is in the history once');
			const { returned: told } = await desk.get<{ returned: { reasons: { note?: string | null }[] } | null }>(`/v1/cases/${first}`);
			assert.ok(told?.reasons.some(({ note }) => note === 'Foto ulang dari jalan, ya.'), 'the typed words are there');
			await desk.page.getByText('Daring', { exact: true }).waitFor();
			// An acceptance that was answered to nobody: the server dies right after it, and is asked again.
			await ready();
			const second = await held();
			const accepted = await acts(desk, second, 'case.accept');
			let cut = true;
			await desk.page.route(`**/v1/cases/${second}/accept`, async (route) => {
				if (!cut) return await route.continue();
				cut = false;
				await route.fetch();
				await kill();
				await route.abort('connectionreset');
			});
			await desk.page.keyboard.press('t');
			if (await desk.page.locator('.confirm').isVisible()) await desk.page.keyboard.press('Enter');
			await desk.page.getByText('Luring', { exact: true }).waitFor();
			await start();
			await desk.page.getByText('Daring', { exact: true }).waitFor({ timeout: 90_000 });
			await desk.page.getByText('Menyimpan …').first().waitFor({ state: 'hidden', timeout: 90_000 });
			await pause(2_000);
			assert.equal(await acts(desk, second, 'case.accept'), accepted + 1, 'the acceptance is in the history once');
			assert.deepEqual(desk.faults().filter((fault) => !fault.includes('Failed to fetch')), []);
		} finally {
			await desk.close();
		}
	},
);
