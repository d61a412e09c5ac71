/** A large file: tried, left, come back to, told line by line, applied. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { as, axe, sideways } from './kit.ts';

const LINES = 10_000;
const ERRORS = 300;
const VILLAGE = '35.71.03.1009';

interface Report {
	readonly state: string;
	readonly lines: number;
	readonly added: number;
	readonly rejected: number;
	readonly foretold?: { readonly added: number; readonly rejected: number; readonly same?: boolean };
}

/** Families of one person; `run` keeps one run of the test apart from another on the same server. */
function families(run: number): string {
	const lines = ['id_keluarga,no_kk,nik,nama,hub_keluarga,alamat,rt,rw,wilayah'];
	for (let n = 0; n < LINES; n += 1) {
		const number = String(n).padStart(6, '0');
		const spoilt = n % 33 === 7 && n < ERRORS * 33;
		// Without a day of birth there is nothing that the number's own digits could contradict.
		const nik = spoilt ? '35710312128' : `357103${String(1 + (n % 28)).padStart(2, '0')}0180${String(1 + (n % 9_000)).padStart(4, '0')}`;
		lines.push(`UJI${run}-${number},3571${String(run % 1_000_000).padStart(6, '0')}${number},${nik},WARGA UJI,KEPALA KELUARGA,JL. UJI COBA,1,1,${VILLAGE}`);
	}
	return lines.join('\n');
}

test('ten thousand lines with three hundred errors are tried, left and come back to, and come as the try told', { timeout: 600_000 }, async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		const text = families(Date.now());
		await desk.visit('/impor/baru');
		await page.getByRole('radio', { name: /^Keluarga/ }).check();
		await page.locator('input[type="file"]').setInputFiles({ name: 'keluarga.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
		await page.getByText('Semua kolom wajib ada.').waitFor();
		await page.getByRole('button', { name: 'Kirim untuk diuji coba' }).click();
		await page.waitForURL(/\/impor\/[0-9a-f-]+$/);
		// Asked for in one go: on a quick machine it shows for a second.
		const bar = page.getByRole('progressbar', { name: 'Uji coba sedang berjalan' });
		assert.equal(await bar.getAttribute('max'), String(LINES));
		const id = page.url().split('/').at(-1);

		// Gone to another page meanwhile.
		await desk.visit('/pengguna');
		await desk.visit('/impor');
		await page.locator(`a[href="/impor/${id}"]`).click();
		const apply = page.getByRole('button', { name: /^Terapkan 9\.700 baris/ });
		await apply.waitFor({ timeout: 300_000 });
		const tried = await desk.get<Report>(`/v1/imports/${id}`);
		assert.deepEqual([tried.state, tried.lines, tried.added, tried.rejected], ['rehearsed', LINES, LINES - ERRORS, ERRORS]);
		assert.deepEqual(await axe(page), []);
		assert.equal(await sideways(page), 0);

		const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Unduh masalah yang tercatat (CSV)' }).click()]);
		const csv = await readFile(await download.path(), 'utf8');
		const rows = csv.trimEnd().split('\r\n').slice(1);
		assert.equal(rows.filter((row) => row.startsWith('ditolak;')).length, ERRORS);

		await apply.click();
		await page.getByText('Hasilnya sama dengan uji coba.').waitFor({ timeout: 300_000 });
		const done = await desk.get<Report>(`/v1/imports/${id}`);
		assert.deepEqual([done.state, done.added, done.rejected], ['done', tried.added, tried.rejected]);
		assert.equal(done.foretold?.same, true);
	});
});

test('a try that is dropped leaves nothing behind', async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		await desk.visit('/impor/baru');
		await page.getByRole('radio', { name: /^Program/ }).check();
		const text = 'kode,nama,satuan,desil_maks,sumber_dana,pusat\nUJI-BUANG,Uji buang,keluarga,5,APBD,tidak';
		await page.locator('input[type="file"]').setInputFiles({ name: 'program.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
		await page.getByRole('button', { name: 'Kirim untuk diuji coba' }).click();
		await page.getByRole('button', { name: 'Terapkan 1 baris' }).waitFor();
		await page.getByRole('button', { name: 'Buang' }).click();
		await page.getByText('Uji coba ini tidak pernah diterapkan.').waitFor();
		assert.equal(await page.getByRole('button', { name: /^Terapkan/ }).count(), 0);
	});
});
