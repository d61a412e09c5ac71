/** Every page as its people see it, as pictures in a folder that is not kept: `npm run screenshots`. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { Desk, OFFICE, PHONE, type Theme } from './kit.ts';
import { addressOf, PAGES } from './pages.ts';

const folder = resolve(process.argv[2] ?? '../../target/console-screens');
const SETS = [
	{ name: 'kantor-terang', viewport: OFFICE, theme: 'light' },
	{ name: 'kantor-gelap', viewport: OFFICE, theme: 'dark' },
	{ name: 'hp-terang', viewport: PHONE, theme: 'light' },
] as const satisfies readonly { name: string; viewport: { width: number; height: number }; theme: Theme }[];

await mkdir(folder, { recursive: true });
for (const [person, pages] of Object.entries(PAGES)) {
	const desk = await Desk.of(person);
	try {
		for (const page of pages) {
			const path = await addressOf(desk, page);
			if (path === null) {
				console.log(`nothing to show one page of ${person} with`);
				continue;
			}
			await desk.visit(path);
			for (const { name, viewport, theme } of SETS) {
				await desk.page.setViewportSize(viewport);
				await desk.page.emulateMedia({ colorScheme: theme });
				await desk.page.waitForTimeout(300);
				const place = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, 'satu').replaceAll('/', '-').slice(1);
				await desk.page.screenshot({ path: join(folder, `${person}-${place}-${name}.png`) });
			}
		}
	} finally {
		await desk.close();
	}
}
console.log(`pictures in ${folder}`);
