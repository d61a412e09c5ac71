/** What is done at desks, each main path by its pages: planning, giving out, deciding with two persons, a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as, type Desk } from './kit.ts';

/** The demo's villages, by the number of their operator. */
const VILLAGES = ['35.71.03.1009', '35.71.01.1002', '35.71.02.1014', '35.71.03.1007'];
const VILLAGE = '35.71.03.1009';

interface Row {
	readonly id: string;
	readonly name: string;
	readonly state: string;
	readonly region: string;
	readonly family: string;
	readonly officer?: string | null;
}

async function cases(desk: Desk, query: string): Promise<readonly Row[]> {
	return (await desk.get<{ items: Row[] }>(`/v1/cases?limit=100&${query}`)).items;
}

test('a coordinator plans visits by rule, opens them, and gives them all to an officer', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/kasus/rencana');
		await page.getByLabel('Wilayah').selectOption(VILLAGE);
		await page.getByRole('button', { name: 'Muat keluarga' }).click();
		await page.getByLabel('Bagian acak (%)').fill('1');
		// A day that does not exist is not "no day".
		await page.getByLabel('Jadwal tutup').fill('31/02/2027');
		await page.getByLabel('Jadwal tutup').blur();
		const open = page.getByRole('button', { name: /^Buka dan tugaskan/ });
		assert.equal(await open.getAttribute('aria-disabled'), 'true');
		await page.getByLabel('Jadwal tutup').fill('31/12/2027');
		for (const box of await page.getByRole('checkbox', { name: /^Sertakan (?!keluarga|yang)/ }).all()) await box.uncheck();
		await page.getByRole('checkbox', { name: 'Buka juga kasus untuk keluarga tanpa petugas' }).check();
		const planned = Number(/\d+/.exec(await open.innerText())?.[0]);
		assert.ok(planned > 0);
		await open.click();
		await page.getByText('Semua kasus sudah dibuka.').waitFor();

		const opened = await cases(desk, `state=open&region=${VILLAGE}`);
		assert.equal(opened.length, planned);
		await desk.visit(`/kasus?state=open&region=${VILLAGE}`);
		await page.getByRole('checkbox', { name: 'Pilih semua kasus di halaman ini' }).check();
		await page.getByRole('button', { name: 'Tugaskan' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('radio').first().check();
		await dialog.getByRole('button', { name: 'Tugaskan' }).click();
		await page.getByText(new RegExp(`^${planned} kasus ditugaskan kepada`)).first().waitFor();
		assert.equal((await cases(desk, `state=open&region=${VILLAGE}`)).length, 0);
	});
});

test('a cancellation takes two persons, and the place goes to the next on the list', async () => {
	const [somewhere] = await as('koordinator', (desk) => cases(desk, 'state=accepted'));
	assert.ok(somewhere !== undefined, 'no accepted case waits for an operator');
	const proposed = await as(`operator${VILLAGES.indexOf(somewhere.region) + 1}`, async (desk) => {
		const { page } = desk;
		const [first] = await cases(desk, 'state=accepted');
		assert.ok(first !== undefined);
		await desk.visit(`/penerima/${first.family}/pembatalan`);
		for (const box of await page.getByRole('checkbox').all()) await box.check();
		await page.getByRole('radio').first().check();
		await page.getByLabel('Nomor dokumen').fill('188.45/12/2026');
		await page.getByRole('button', { name: 'Periksa' }).click();
		await page.getByRole('button', { name: 'Kirim usulan' }).click();
		await page.waitForURL(`**/penerima/${first.family}`);
		await page.getByText('Menunggu pengesahan').first().waitFor();
		// Whoever proposed is offered no confirmation, and the server takes none from them.
		await desk.visit(`/persetujuan/${first.id}`);
		assert.equal(await page.getByRole('radio', { name: /Sahkan/ }).count(), 0);
		interface View {
			version: number;
			state: string;
			memberships: { id: string }[];
		}
		const view = await desk.get<View>(`/v1/cases/${first.id}`);
		assert.equal(view.state, 'awaiting_approval');
		const membership = view.memberships[0]?.id;
		const forged = await desk.ask('post', `/v1/cases/${first.id}/confirmations`, {
			event_id: crypto.randomUUID(),
			seen_version: view.version,
			membership,
			confirm: true,
		});
		assert.equal(forged.status(), 403, await forged.text());
		return first;
	});
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit(`/persetujuan/${proposed.id}`);
		for (let left = 3; left > 0; left -= 1) {
			await page.getByRole('radio', { name: /Sahkan/ }).check();
			for (const box of await page.locator('form').getByRole('checkbox').all()) await box.check();
			await page.getByRole('button', { name: 'Kirim putusan' }).click();
			await page.getByText(/usulan disahkan/).waitFor();
			await desk.settled();
			if ((await page.getByRole('radio', { name: /Sahkan/ }).count()) === 0) break;
		}
		await page.getByText('Pengganti', { exact: true }).first().waitFor();
		await page.getByText(/Urutan \d+ pada daftar tunggu yang dibekukan/).first().waitFor();
		const view = await desk.get<{ state: string; memberships: { state: string }[] }>(`/v1/cases/${proposed.id}`);
		assert.equal(view.state, 'decided');
	});
});

test('a file with wrong lines says which, and takes the right ones', async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		const good = [1, 2, 3].map((n) => `BANTUAN-${n},Bantuan ${n},keluarga,5,APBD,tidak`);
		const bad = ['BANTUAN-9,,keluarga,5,APBD,tidak', 'BANTUAN-10,Bantuan 10,rumah tangga,5,APBD,tidak', 'BANTUAN-11,Bantuan 11,keluarga,99,APBD,tidak'];
		const text = ['kode,nama,satuan,desil_maks,sumber_dana,pusat', ...good, ...bad].join('\n');
		await desk.visit('/impor/baru');
		await page.getByRole('radio', { name: /^Program/ }).check();
		await page.locator('input[type="file"]').setInputFiles({ name: 'program.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
		await page.getByText('Semua kolom wajib ada.').waitFor();
		await page.getByRole('button', { name: 'Kirim berkas' }).click();
		await page.waitForURL(/\/impor\/[0-9a-f-]+$/);
		await desk.settled();
		const id = page.url().split('/').at(-1);
		const report = await desk.get<{ lines: number; rejected: number; added: number; waiting?: number }>(`/v1/imports/${id}`);
		assert.equal(report.lines, good.length + bad.length);
		assert.equal(report.rejected, bad.length);
		for (const line of [5, 6, 7]) await page.getByRole('cell', { name: String(line), exact: true }).or(page.getByText(`Baris ${line}`)).first().waitFor();
	});
});
