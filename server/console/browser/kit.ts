/** What every browser test needs: Debian's Chromium with a profile of its own, people who sign in, and what the browser did. */
import { createRequire } from 'node:module';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type APIResponse, type BrowserContext, type Locator, type Page } from 'playwright-core';

import { NEWEST } from '../src/lib/texts/news.ts';

/** Where the server under test answers; `tests/console/run` starts one and says so. */
export const BASE = process.env.TILIK_CONSOLE_AT ?? 'http://127.0.0.1:8080';
const PASSWORD = process.env.TILIK_CONSOLE_PASSWORD ?? 'kata sandi untuk uji';
const CHROMIUM = process.env.TILIK_CHROMIUM ?? '/usr/bin/chromium';

/** The demo's villages, by the number of their operator. */
export const VILLAGES = ['35.71.03.1009', '35.71.01.1002', '35.71.02.1014', '35.71.03.1007'];

/** What an office laptop leaves a page, see console-ux.md. */
export const OFFICE = { width: 1366, height: 625 };
export const PHONE = { width: 360, height: 740 };

export type Theme = 'light' | 'dark';

export interface Options {
	readonly viewport?: { width: number; height: number };
	readonly theme?: Theme;
	readonly timezone?: string;
	/** Whether the browser can draw maps; old laptops cannot. */
	readonly webgl?: boolean;
}

/** A browser of its own, and what it did that it should not have. */
export class Desk {
	readonly context: BrowserContext;
	readonly page: Page;
	readonly profile: string;
	/** Requests to anywhere but the server. */
	readonly strangers: string[] = [];
	/** What the content security policy had to stop. */
	readonly violations: string[] = [];
	/** Errors of the pages' own code. */
	readonly errors: string[] = [];
	/** Photos asked for, by address. */
	readonly photos = new Map<string, number>();

	private constructor(context: BrowserContext, page: Page, profile: string) {
		this.context = context;
		this.page = page;
		this.profile = profile;
		context.on('request', (request) => {
			const url = new URL(request.url());
			if (url.origin !== BASE) this.strangers.push(request.url());
			if (request.method() === 'GET' && url.pathname.startsWith('/v1/photos/')) this.photos.set(request.url(), (this.photos.get(request.url()) ?? 0) + 1);
		});
		context.on('weberror', (error) => this.errors.push(error.error().message));
	}

	static async open({ viewport = OFFICE, theme = 'light', timezone = 'Asia/Jakarta', webgl = true }: Options = {}): Promise<Desk> {
		const profile = await mkdtemp(join(tmpdir(), 'tilik-browser-'));
		const context = await chromium.launchPersistentContext(profile, {
			executablePath: CHROMIUM,
			headless: true,
			args: [
				'--headless',
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync',
				...(webgl ? ['--enable-unsafe-swiftshader'] : ['--disable-3d-apis']),
			],
			viewport,
			colorScheme: theme,
			timezoneId: timezone,
			locale: 'id-ID',
			baseURL: BASE,
		});
		context.setDefaultTimeout(60_000);
		const page = context.pages()[0] ?? (await context.newPage());
		const desk = new Desk(context, page, profile);
		await context.exposeBinding('tilikViolation', (_, told: string) => void desk.violations.push(told));
		await context.addInitScript(() => {
			document.addEventListener('securitypolicyviolation', (event) => {
				const tell = (globalThis as unknown as { tilikViolation: (told: string) => void }).tilikViolation;
				tell(`${event.effectiveDirective} ${event.blockedURI} ${location.pathname}`);
			});
		});
		return desk;
	}

	/** Opens the console as this person. */
	static async of(name: string, options: Options = {}): Promise<Desk> {
		const desk = await Desk.open(options);
		await desk.signIn(name);
		return desk;
	}

	/** Tells this person's news past the pages: what opens by itself once would lie over what is tested. */
	async #toldNews(name: string): Promise<void> {
		const reply = await this.ask('post', '/v1/console/session', { username: name, password: PASSWORD });
		if (!reply.ok()) throw new Error(`${name} is not let in: ${reply.status()}`);
		const me = (await reply.json()) as { grants: { role: string }[] };
		const roles = [...new Set(me.grants.map(({ role }) => role))];
		await this.ask('post', '/v1/me/news', { event_id: crypto.randomUUID(), version: NEWEST, roles });
		await this.ask('delete', '/v1/session');
	}

	/** `news`: with what is new still untold, if it is. */
	async signIn(name: string, { news = false } = {}): Promise<void> {
		if (!news) await this.#toldNews(name);
		await this.page.goto('/masuk');
		await this.page.getByLabel('Nama pengguna').fill(name);
		await this.page.getByLabel('Kata sandi').fill(PASSWORD);
		await this.page.getByRole('button', { name: 'Masuk' }).click();
		await this.page.waitForURL((url) => url.pathname !== '/masuk');
	}

	/** Goes to a page and waits until it has said what it has to say. */
	async visit(path: string): Promise<void> {
		await this.page.goto(path);
		await this.settled();
	}

	/** Until the heading is there and nothing loads. */
	async settled(): Promise<void> {
		await this.page.locator('h1').first().waitFor();
		await this.page.waitForFunction(() => document.querySelector('[aria-busy="true"], [data-state="loading"]') === null);
		await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	}

	/** The pages of the bar, wherever they stand in it: seen or in a menu that is closed. */
	bar(): Locator {
		return this.page.locator('nav#menu a');
	}

	/** Goes to a page through the bar, opening whatever menu it stands in. */
	async goTo(label: string | RegExp): Promise<void> {
		const link = this.bar().filter({ hasText: label });
		if (!(await link.isVisible())) {
			const narrow = this.page.getByRole('button', { name: 'Menu', exact: true });
			if (await narrow.isVisible()) await narrow.click();
			else await this.page.locator('nav#menu [data-menu]', { has: this.page.locator('a', { hasText: label }) }).getByRole('button').click();
		}
		const href = (await link.getAttribute('href')) ?? '';
		await link.click();
		await this.page.waitForURL((url) => url.pathname === href);
		await this.settled();
	}

	/** A request as this person, past the pages: to set a scene, or to do what a page would not offer. */
	async ask(method: 'get' | 'post' | 'put' | 'delete', path: string, data?: unknown): Promise<APIResponse> {
		return await this.context.request[method](path, { headers: { origin: BASE }, ...(data === undefined ? {} : { data }) });
	}

	async get<T>(path: string): Promise<T> {
		const reply = await this.ask('get', path);
		if (!reply.ok()) throw new Error(`GET ${path} answers ${reply.status()}: ${await reply.text()}`);
		return (await reply.json()) as T;
	}

	/** Nothing that no page may do was done. */
	faults(): string[] {
		return [...this.strangers.map((url) => `asked ${url}`), ...this.violations.map((told) => `CSP: ${told}`), ...this.errors];
	}

	async close(): Promise<void> {
		await this.context.close();
		await rm(this.profile, { recursive: true, force: true });
	}
}

/** Lets a person work at a desk of their own, at which nothing may happen that no page may do. */
export async function as<T>(name: string, work: (desk: Desk) => Promise<T>, options: Options = {}): Promise<T> {
	const desk = await Desk.of(name, options);
	try {
		const done = await work(desk);
		const faults = desk.faults();
		if (faults.length > 0) throw new Error(faults.join('\n'));
		return done;
	} finally {
		await desk.close();
	}
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds serious on the page as it is, one line each. `looks`: only of what depends on colours and width. */
export async function axe(page: Page, rules: 'all' | 'looks' = 'all'): Promise<string[]> {
	const source = await readFile(axeFile, 'utf8');
	// `evaluate` is the debugger's, which the page's policy does not bind.
	await page.evaluate(source);
	return await page.evaluate(async (looks) => {
		interface Found {
			violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
		}
		const { axe: run } = globalThis as unknown as { axe: { run: (root: Document, options: object) => Promise<Found> } };
		const { violations } = await run.run(document, {
			runOnly: looks
				? ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable', 'button-name', 'link-name', 'label']
				: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
			rules: { 'target-size': { enabled: true } },
		});
		return violations
			.filter(({ impact }) => impact === 'serious' || impact === 'critical')
			.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(' | ')}`);
	}, rules === 'looks');
}

/** How many pixels a page stays wider than its window. Charts learn of another width by themselves, on a busy machine not at once. */
export async function sideways(page: Page): Promise<number> {
	return await page.evaluate(async () => {
		const over = (): number => document.documentElement.scrollWidth - document.documentElement.clientWidth;
		for (let tries = 0; tries < 20 && over() > 0; tries += 1) await new Promise((done) => setTimeout(done, 100));
		return over();
	});
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
