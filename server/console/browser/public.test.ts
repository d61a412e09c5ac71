/** Whoever has no account: checks a name, objects, keeps the receipt and sees its stage, on a narrow phone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Desk, sideways, VILLAGES } from './kit.ts';

const NARROW = { width: 320, height: 740 };
const VILLAGE = VILLAGES[0] ?? '';

let desk: Desk;

before(async () => {
	desk = await Desk.open({ viewport: NARROW });
});
after(async () => {
	await desk.close();
});

const field = (name: string) => desk.page.locator(`[name="${name}"]`);
const button = (name: string) => desk.page.getByRole('button', { name, exact: true });
const link = (name: string) => desk.page.getByRole('link', { name, exact: true });

/** A photo as a phone has it, drawn by the browser. */
async function photo(): Promise<Buffer> {
	const url = await desk.page.evaluate(() => {
		const canvas = document.createElement('canvas');
		canvas.width = 400;
		canvas.height = 300;
		const on = canvas.getContext('2d');
		if (on === null) throw new Error('no canvas');
		on.fillStyle = '#8ab';
		on.fillRect(0, 0, 400, 300);
		on.fillStyle = '#754';
		on.fillRect(120, 120, 160, 180);
		return canvas.toDataURL('image/jpeg', 0.8);
	});
	return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

/** Goes back as the button of a phone does, and is asked before anything is lost. */
async function backIsAsked(title: string, answer: string): Promise<void> {
	const { page } = desk;
	await page.evaluate(() => history.back());
	const dialog = page.getByRole('dialog', { name: title });
	await dialog.waitFor();
	assert.equal(await sideways(page), 0);
	await dialog.getByRole('button', { name: answer, exact: true }).click();
	await dialog.waitFor({ state: 'hidden' });
}

async function fillObjector(): Promise<void> {
	await field('content.objector.name').fill('Sumarni');
	await field('content.objector.nik').fill('3571 0341 0180 0009');
	await field('content.objector.address').fill('Jl. Melati 6, RT 001 RW 002');
}

test('whoever is not in the registry is told so, and led to an objection about somebody left out', async () => {
	const { page } = desk;
	await desk.visit('/masuk');
	await link('Warga? Periksa data Anda di sini.').click();
	await page.waitForURL((url) => url.pathname === '/cek');
	await desk.settled();
	assert.equal(await sideways(page), 0);
	// Nothing is sent of what is no NIK.
	await button('Periksa').click();
	await link('NIK terdiri atas 16 angka.').waitFor();
	await field('nik').fill('3571034101800009');
	await field('name').fill('Wahyuningtyas Kusumawardhani');
	await field('birth_date').fill('01-01-1980');
	await button('Periksa').click();
	await page.getByRole('heading', { name: 'TIDAK DITEMUKAN' }).waitFor();
	assert.equal(await sideways(page), 0);
	assert.equal(new URL(page.url()).search, '', 'what was typed is in no address');
	await link('Ajukan sanggah').click();
	await page.waitForURL((url) => url.pathname === '/sanggah');
	await desk.settled();
	assert.equal(await field('content.kind').inputValue(), 'left_out');
	assert.deepEqual(desk.faults(), []);
});

test('who goes back from a half-filled objection is asked first, and nothing typed is lost by staying', async () => {
	const { page } = desk;
	await field('content.grounds').fill('Keluarga itu tidak pernah didata.');
	await backIsAsked('Tinggalkan isian ini?', 'Tetap di sini');
	await page.waitForURL((url) => url.pathname === '/sanggah');
	assert.equal(await field('content.grounds').inputValue(), 'Keluarga itu tidak pernah didata.');
	await backIsAsked('Tinggalkan isian ini?', 'Tinggalkan');
	await page.waitForURL((url) => url.pathname === '/cek');
	assert.deepEqual(desk.faults(), []);
});

test('an objection with a photo is sent, its receipt is kept, and the address of the receipt shows its stage', async () => {
	const { page } = desk;
	await desk.visit('/cek');
	await link('Ajukan sanggah').click();
	await page.waitForURL((url) => url.pathname === '/sanggah');
	await desk.settled();
	assert.equal(await sideways(page), 0);
	assert.equal(await field('content.kind').inputValue(), 'recipient');
	await field('content.region').selectOption(VILLAGE);
	await field('content.about.name').fill('Sulastri');
	await field('content.about.address').fill('Jl. Melati 4, RT 001 RW 002');
	await field('content.grounds').fill('Rumahnya bertingkat dan ada dua mobil di halaman.');
	await fillObjector();
	// About a recipient a photo is asked for, and the remedy leads to where it is added.
	await button('Kirim sanggahan').click();
	await link('Lampirkan sedikitnya satu foto rumah yang dimaksud.').click();
	assert.ok(await button('Tambah foto').evaluate((element) => element === document.activeElement));
	await page.locator('input[type="file"]').setInputFiles({ name: 'rumah.jpg', mimeType: 'image/jpeg', buffer: await photo() });
	await page.getByText('Terkirim', { exact: true }).waitFor();
	assert.equal(await sideways(page), 0);
	await button('Kirim sanggahan').click();
	await page.getByRole('heading', { name: 'Sanggahan Anda sudah terkirim' }).waitFor();
	assert.equal(await sideways(page), 0);

	const opens = link('Buka alamatnya');
	const address = new URL((await opens.getAttribute('href')) ?? '', page.url());
	assert.ok(address.hash.length > 1, 'the receipt stands behind the hash');
	assert.ok(await page.getByText(address.href).isVisible(), 'the address can be read');
	// It is shown once: leaving it without having opened it is asked about.
	await backIsAsked('Tanda terima sudah disimpan?', 'Tetap di sini');
	assert.ok(await opens.isVisible());
	await opens.click();
	await page.waitForURL((url) => url.pathname === '/tanda-terima');
	await page.getByText('Menunggu diperiksa').first().waitFor();
	assert.ok(await page.getByText('Tahap sanggahan yang tanda terimanya Anda pegang.').isVisible());
	assert.equal(await sideways(page), 0);
	assert.deepEqual(desk.faults(), []);
});

test('a receipt that nobody was given speaks of no stage', async () => {
	const { page } = desk;
	await desk.visit('/tanda-terima#BUKANTANDATERIMA');
	await page.getByText('Tanda terima tidak ditemukan').waitFor();
	assert.equal(await page.getByText(/^Tahap /).count(), 0);
	assert.equal(await sideways(page), 0);
	assert.deepEqual(desk.faults(), []);
});
