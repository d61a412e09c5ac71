/** The desks that keep the registry and what comes of it: families, proposals, deliberations, rules, files, the ministry's list, the waitlist. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { as, axe, VILLAGES, type Desk } from './kit.ts';
import { register, somebody } from './scene.ts';

const VILLAGE = VILLAGES[0] ?? '';
/** A scan that is one by its first and last bytes. */
const SCAN = { name: 'berita-acara.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\nberita acara\n%%EOF\n') };

/** What came to be at the end of an address, such as a family's id. */
function idIn(desk: Desk): string {
	return new URL(desk.page.url()).pathname.split('/').at(-1) ?? '';
}

test('a family is registered at the desk, what is odd is ticked first, and it is found again by its NIK', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		const [head, wife] = [somebody('male'), somebody('female', '350612')];
		const field = (name: string) => page.locator(`[name="${name}"]`);
		await desk.visit('/keluarga');
		await field('address').fill('Jl. Percobaan 7');
		await field('rt').fill('001');
		await field('rw').fill('002');
		await field('region').selectOption(VILLAGE);
		await field('persons.0.name').fill(head.name);
		await field('persons.0.nik').fill(head.nik.slice(0, 15));
		await field('persons.0.birth_date').fill(head.birthTyped);
		await field('persons.0.sex').selectOption(head.sex);
		await page.getByRole('button', { name: 'Tambah anggota' }).click();
		assert.equal(await field('persons.1.relation').inputValue(), 'pasangan', 'who comes after the head is usually a spouse');
		await field('persons.1.name').fill(wife.name);
		await field('persons.1.nik').fill(wife.nik);
		await field('persons.1.birth_date').fill(wife.birthTyped);
		await field('persons.1.sex').selectOption(wife.sex);
		// A digit is missing: the summary leads to where.
		const send = page.getByRole('button', { name: 'Daftarkan', exact: true });
		await send.click();
		await page.getByRole('alert').getByRole('link').first().click();
		assert.ok(await field('persons.0.nik').evaluate((element) => element === document.activeElement));
		await field('persons.0.nik').fill(head.nik);
		// A NIK of another city is no mistake, but looked at.
		await send.click();
		const odd = page.getByRole('alert').filter({ has: page.getByRole('heading', { name: 'Periksa lagi' }) });
		await odd.getByText(wife.name).waitFor();
		assert.deepEqual(await axe(page), []);
		for (const box of await odd.getByRole('checkbox').all()) await box.check();
		await send.click();
		await page.waitForURL(/\/keluarga\/[0-9a-f-]{36}$/);
		await page.getByRole('heading', { name: head.name, level: 1 }).waitFor();
		await desk.settled();
		await page.getByRole('cell', { name: wife.name }).waitFor();
		assert.ok(!(await page.locator('main').innerText()).replaceAll(/\s/g, '').includes(head.nik), 'no number is shown in clear');
		const family = idIn(desk);

		await desk.visit('/penerima?bagian=cari');
		await page.getByRole('radio', { name: 'NIK atau nomor KK' }).check();
		await page.getByRole('textbox', { name: 'NIK atau nomor KK' }).fill(head.nik.replace(/(\d{4})(?=\d)/g, '$1 '));
		await page.getByRole('textbox', { name: 'Keperluan' }).fill('Memeriksa pendaftaran tadi');
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		const link = page.getByRole('link', { name: head.name });
		await link.waitFor();
		assert.equal(await page.locator('tbody tr').count(), 1);
		await link.click();
		await page.waitForURL(`**/penerima/${family}`);
	});
});

test('a correction of a family that somebody else changed meanwhile says so, and loses neither what was typed nor what they wrote', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		const { id, head, wife } = await register(desk, VILLAGE);
		const field = (name: string) => page.locator(`[name="${name}"]`);
		await desk.visit(`/keluarga/${id}`);
		await page.getByRole('tab', { name: 'Perbaiki' }).click();
		const save = page.getByRole('button', { name: 'Simpan perbaikan' });
		await save.click();
		await page.getByRole('alert').getByText('Belum ada yang diubah.').waitFor();
		await field('address').fill('Jl. Melati 21');
		await field('persons.1.name').fill(`${wife.name} Lestari`);
		await as('verifikator', async (other) => {
			const { family } = await other.get<{ family: { version: number } }>(`/v1/families/${id}`);
			const body = { event_id: crypto.randomUUID(), seen_version: family.version, rt: '004' };
			const reply = await other.ask('post', `/v1/families/${id}/corrections`, body);
			assert.ok(reply.ok(), await reply.text());
		});
		await save.click();
		const told = page.getByRole('alert').filter({ has: page.getByRole('heading', { name: 'Orang lain sudah mengubah keluarga ini' }) });
		await told.getByText(/verifikator, .*: RT$/).waitFor();
		assert.deepEqual(await axe(page), []);
		assert.equal(await field('address').inputValue(), 'Jl. Melati 21');
		assert.equal(await field('persons.1.name').inputValue(), `${wife.name} Lestari`);
		await told.getByRole('button', { name: 'Terapkan lagi' }).click();
		await page.getByText('Perbaikan tersimpan.').first().waitFor();
		await page.getByRole('cell', { name: `${wife.name} Lestari` }).waitFor();
		const { family } = await desk.get<{ family: { address: string; rt: string; name: string } }>(`/v1/families/${id}`);
		assert.equal(family.address, 'Jl. Melati 21');
		assert.equal(family.rt, '004');
		await page.getByRole('tab', { name: 'Riwayat' }).click();
		await page.getByText('004').first().waitFor();
		await page.getByRole('heading', { name: head.name, level: 1 }).waitFor();
	});
});

test('a proposal goes from draft over check, deliberation with its scan and verification to endorsement, each by who may, and is ticked and unticked as entered', async () => {
	const { id, head, wife } = await as('operator1', (desk) => register(desk, VILLAGE));
	const state = (desk: Desk, word: string) => desk.page.locator('.page').getByText(word, { exact: true }).first().waitFor();
	const press = async (desk: Desk, word: string) => await desk.page.locator('main').getByRole('button', { name: word, exact: true }).click();

	// A change of payee is taken on every day of the month.
	const proposal = await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/usulan');
		await page.getByRole('link', { name: 'Usulan baru' }).click();
		await page.waitForURL('**/usulan/baru');
		await page.getByLabel('Jenis', { exact: true }).selectOption({ label: 'Ganti pengurus' });
		await page.getByLabel('Cari nama kepala keluarga atau alamat').fill(head.name);
		await press(desk, 'Cari');
		await page.getByRole('list', { name: 'Keluarga' }).getByRole('listitem').filter({ hasText: head.name }).getByRole('button', { name: 'Pilih' }).click();
		await page.getByText(`Dipilih: ${head.name}`).waitFor();
		await press(desk, 'Simpan dan ajukan');
		await page.getByRole('alert').getByText('Pilih orangnya.').waitFor();
		await page.getByLabel('Orang', { exact: true }).selectOption({ label: `${wife.name} (pasangan)` });
		await page.getByLabel('Catatan').fill('Kepala keluarga bekerja di luar kota.');
		await press(desk, 'Simpan draf');
		await page.waitForURL(/\/usulan\/[0-9a-f-]{36}$/);
		await state(desk, 'Draf');
		await press(desk, 'Ajukan');
		await state(desk, 'Menunggu cek Dukcapil');
		return idIn(desk);
	});
	await as('verifikator', async (desk) => {
		await desk.visit(`/usulan/${proposal}`);
		await press(desk, 'Padan');
		await state(desk, 'Menunggu musyawarah');
	});

	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/musyawarah/baru');
		await page.getByLabel('Tempat').fill('Balai kelurahan');
		await page.getByLabel('Nama', { exact: true }).fill('Sulastri');
		await page.getByLabel('Jabatan').fill('Lurah');
		const row = page.getByRole('row').filter({ hasText: head.name });
		assert.ok(await row.getByRole('checkbox').isChecked(), 'what was matched is on the list');
		// What other tests left is not talked about today.
		for (const other of await page.getByRole('row').filter({ hasNotText: head.name }).getByRole('checkbox').all()) await other.uncheck();
		await row.getByRole('combobox', { name: `Hasil: ${head.name}` }).selectOption({ label: 'Disetujui' });
		await press(desk, 'Simpan');
		await page.waitForURL(/\/musyawarah\/[0-9a-f-]{36}$/);
		await desk.settled();
		await page.evaluate(() => {
			window.print = () => document.body.setAttribute('data-printed', '');
		});
		await press(desk, 'Cetak daftar dan konsep berita acara');
		await page.locator('body[data-printed]').waitFor();
		await page.emulateMedia({ media: 'print' });
		const paper = await page.locator('article').innerText();
		await page.emulateMedia({ media: 'screen' });
		assert.match(paper, /Konsep[^]*BERITA ACARA MUSYAWARAH KELURAHAN[^]*Dari 1 nama yang dibahas, 1 disetujui dan 0 tidak disetujui\.[^]*Sulastri[^]*DAFTAR NAMA DAN ALAMAT/);
		assert.ok(paper.includes(head.name) && paper.includes('Jl. Percobaan 7'), paper);
		assert.ok(!paper.replaceAll(/\s/g, '').includes(head.nik), 'no number in clear');

		await press(desk, 'Unggah berita acara bertanda tangan');
		const dialog = page.getByRole('dialog', { name: 'Unggah berita acara bertanda tangan' });
		const number = `BA/${Date.now()}/2026`;
		await dialog.getByLabel('Nomor berita acara').fill(number);
		await dialog.getByRole('button', { name: 'Unggah dan tetapkan' }).click();
		await dialog.getByText('Pilih berkas pindaian.').waitFor();
		assert.deepEqual(await axe(page), []);
		await dialog.locator('input[type="file"]').setInputFiles(SCAN);
		await dialog.getByRole('button', { name: 'Unggah dan tetapkan' }).click();
		await page.getByText(`Nomor ${number}`).first().waitFor();
		const scan = page.getByRole('link', { name: 'Unduh pindaian' });
		const [download] = await Promise.all([page.waitForEvent('download'), scan.click()]);
		assert.deepEqual(await readFile(await download.path()), SCAN.buffer);
		assert.equal(await page.getByRole('button', { name: 'Simpan', exact: true }).count(), 0, 'what is signed is not changed');
		await page.getByRole('link', { name: head.name }).click();
		await page.waitForURL(`**/usulan/${proposal}`);
		await state(desk, 'Menunggu verifikasi');
		// Whoever proposed is offered no judgement.
		assert.equal(await page.locator('main').getByRole('button', { name: 'Verifikasi', exact: true }).count(), 0);
	});
	await as('verifikator', async (desk) => {
		await desk.visit(`/usulan/${proposal}`);
		await press(desk, 'Verifikasi');
		await state(desk, 'Menunggu pengesahan');
		assert.equal(await desk.page.getByRole('button', { name: 'Sahkan', exact: true }).count(), 0);
	});
	await as('kepala', async (desk) => {
		await desk.visit('/usulan?keadaan=verified');
		await desk.page.getByRole('link', { name: head.name }).click();
		await desk.page.waitForURL(`**/usulan/${proposal}`);
		await press(desk, 'Sahkan');
		await state(desk, 'Disahkan');
	});

	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit(`/keluarga/${id}`);
		assert.equal(await page.locator('dt', { hasText: 'Pengurus' }).locator('xpath=following-sibling::dd[1]').innerText(), wife.name);
		await desk.visit('/siks-ng?jenis=proposed');
		const row = page.getByRole('row').filter({ has: page.locator(`a[href="/penerima/${id}"]`) });
		await row.getByText(/Usulan: Ganti pengurus/).waitFor();
		assert.deepEqual(await axe(page), []);
		await row.getByRole('button', { name: 'Sudah diinput', exact: true }).click();
		await page.getByText('1 baris dicentang sudah diinput.').first().waitFor();
		await row.waitFor({ state: 'detached' });
		assert.equal((await desk.get<{ row: { state: string } }>(`/v1/proposals/${proposal}`)).row.state, 'sent');
		await page.getByRole('tab', { name: /^Sudah diinput/ }).click();
		await page.waitForURL(/keadaan=sudah/);
		await row.getByText(/operator1, /).waitFor();
		await row.getByRole('button', { name: 'Urungkan', exact: true }).click();
		await row.waitFor({ state: 'detached' });
		await page.getByRole('tab', { name: /^Belum diinput/ }).click();
		await row.getByRole('button', { name: 'Sudah diinput', exact: true }).waitFor();
		assert.equal((await desk.get<{ row: { state: string } }>(`/v1/proposals/${proposal}`)).row.state, 'endorsed');
	});
});

interface Rule {
	readonly id: string;
	readonly program: string;
	readonly regime: string;
	readonly state: string;
	readonly number: number;
}

test('an admin changes a rule and sends it, an approver sees what it would do and puts it in force', async () => {
	const title = `Aturan percobaan ${Date.now()}`;
	const rule = await as('admin', async (desk) => {
		const { page } = desk;
		await desk.visit('/aturan');
		if ((await desk.get<{ items: Rule[] }>('/v1/rules')).items.length === 0) {
			await page.getByRole('button', { name: 'Muat aturan bawaan' }).click();
			await page.getByText(/\d+ rancangan dibuat\./).first().waitFor();
		}
		const { items } = await desk.get<{ items: Rule[] }>('/v1/rules');
		// The one of the fewest families: all of them are judged anew.
		const mine = items.filter(({ program, regime }) => program === 'CBP' && regime === 'dtsen');
		const draft = mine.find(({ state }) => state === 'draft');
		const known = draft ?? mine.find(({ state }) => state === 'in_force') ?? mine[0];
		assert.ok(known !== undefined, JSON.stringify(items));
		await desk.visit(`/aturan/${known.id}`);
		if (draft === undefined) {
			await page.getByRole('button', { name: 'Buat versi baru' }).click();
			await page.waitForURL((url) => /\/aturan\/[0-9a-f-]{36}$/.test(url.pathname) && !url.pathname.endsWith(known.id));
			await desk.settled();
		}
		await page.getByRole('button', { name: 'Ubah', exact: true }).click();
		const form = page.getByRole('form', { name: 'Ubah' });
		await form.getByLabel('Judul', { exact: true }).fill('');
		await form.getByRole('button', { name: 'Simpan rancangan' }).click();
		await form.getByRole('alert').waitFor();
		await form.getByLabel('Judul', { exact: true }).fill(title);
		await form.getByRole('button', { name: 'Simpan rancangan' }).click();
		await page.getByRole('heading', { name: title }).waitFor();
		await page.getByRole('region', { name: 'Dampak', exact: true }).first().getByText('Keluarga dinilai').first().waitFor();
		await page.getByRole('button', { name: 'Kirim untuk disahkan' }).click();
		await page.getByRole('dialog').getByRole('button', { name: 'Kirim untuk disahkan' }).click();
		await page.getByText('Aturan dikirim kepada pengesah.').first().waitFor();
		// Who sends it is offered no confirmation.
		assert.equal(await page.getByRole('button', { name: 'Sahkan', exact: true }).count(), 0);
		return idIn(desk);
	});
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/persetujuan?bagian=aturan');
		await page.getByRole('listitem').filter({ hasText: title }).getByRole('link').click();
		await page.waitForURL(`**/aturan/${rule}`);
		await desk.settled();
		const effect = page.getByRole('region', { name: 'Dampak', exact: true }).first();
		const families = await effect.locator('dt', { hasText: 'Keluarga dinilai' }).locator('xpath=following-sibling::dd[1]').innerText();
		assert.match(families, /^[\d.]+$/);
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', { name: 'Sahkan', exact: true }).click();
		const dialog = page.getByRole('dialog', { name: 'Sahkan' });
		await dialog.getByText(`Aturan berlaku sekarang juga: ${families} keluarga dinilai ulang`).waitFor();
		await dialog.getByRole('button', { name: 'Sahkan', exact: true }).click();
		await page.getByText('Aturan berlaku.').first().waitFor();
		await desk.visit('/aturan');
		await page.getByRole('region', { name: 'Berlaku', exact: true }).getByText(title).waitFor();
	});
});

test('a fact that a rule excludes by prepares a cancellation, which a person closes: the family stays', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		/** Asked of the server every second: all families of the city may be judged before this one. */
		const until = async (path: string, text: string) =>
			await page.waitForFunction(async ([at = '', wanted = '']) => (await (await fetch(at)).text()).includes(wanted), [path, text], { polling: 1_000, timeout: 240_000 });
		const { items } = await desk.get<{ items: { family: { id: string; name: string } }[] }>(`/v1/recipients?region=${VILLAGE}&program=CBP&limit=40`);
		let chosen: { id: string; name: string } | undefined;
		for (const { family } of items) {
			const { facts } = await desk.get<{ facts: readonly unknown[] }>(`/v1/families/${family.id}/evaluations`);
			if (facts.length > 0) continue;
			chosen = family;
			break;
		}
		assert.ok(chosen !== undefined, 'of everybody in the village something is recorded');
		const { id, name } = chosen;
		// By the rule that the test before put in force.
		await until(`/v1/families/${id}/evaluations`, '"outcome":"eligible"');
		await desk.visit(`/penerima/${id}`);
		await page.getByRole('button', { name: 'Catat fakta' }).click();
		const dialog = page.getByRole('dialog', { name: 'Catat fakta untuk penilaian' });
		await dialog.getByRole('button', { name: 'Catat', exact: true }).click();
		await dialog.getByRole('alert').getByRole('link', { name: 'Pilih fakta.' }).click();
		assert.ok(await dialog.getByLabel('Fakta', { exact: true }).evaluate((element) => element === document.activeElement));
		await dialog.getByLabel('Fakta', { exact: true }).selectOption('BANTUAN_LAIN');
		await dialog.getByLabel('Menurut siapa').fill('Dinas Sosial');
		await dialog.getByLabel('Bukti yang dilihat').fill('daftar penerima bantuan lain');
		assert.deepEqual(await axe(page), []);
		await dialog.getByRole('button', { name: 'Catat', exact: true }).click();
		await dialog.waitFor({ state: 'hidden' });
		// The family is judged anew in its turn.
		await until('/v1/cancellations?limit=100', id);
		await desk.visit('/pembatalan');
		const item = page.getByRole('listitem').filter({ has: page.locator(`h2 a[href="/penerima/${id}"]`) });
		await item.getByText('Sudah menerima bantuan dari pihak lain').first().waitFor();
		assert.deepEqual(await axe(page), []);
		await item.getByRole('button', { name: 'Tetap layak' }).click();
		const closing = page.getByRole('dialog', { name: 'Keluarga tetap di tempatnya' });
		await closing.getByRole('button', { name: 'Tetap layak' }).click();
		await closing.getByText('Pilih alasan.', { exact: true }).waitFor();
		await closing.getByRole('radio').first().check();
		await closing.getByRole('button', { name: 'Tetap layak' }).click();
		await item.waitFor({ state: 'detached' });
		const { memberships } = await desk.get<{ memberships: { membership: { program: string; state: string } }[] }>(`/v1/families/${id}`);
		assert.equal(memberships.find(({ membership }) => membership.program === 'CBP')?.membership.state, 'active');
		await desk.visit(`/penerima/${id}`);
		await page.getByRole('heading', { name, level: 1 }).waitFor();
		await page.getByRole('button', { name: 'Akhiri', exact: true }).click();
		await page.getByText('Sudah berakhir').first().waitFor();
	});
});

test('a file about a whole city waits for a second person, and only who asked for it fetches it', async () => {
	await as('verifikator', async (desk) => {
		const { page } = desk;
		await desk.visit('/ekspor');
		await page.getByRole('button', { name: 'Minta berkas' }).click();
		await page.getByRole('alert').getByText('Pilih wilayah.').waitFor();
		await page.getByLabel('Isi', { exact: true }).selectOption({ label: 'Daftar tunggu' });
		await page.getByLabel('Bentuk').selectOption('csv');
		await page.getByLabel('Wilayah').selectOption(VILLAGE);
		const waits = page.getByText('Berkas ini dibuat setelah pengesah mengizinkan', { exact: false });
		assert.equal(await waits.count(), 0, 'a village waits for nobody');
		await page.getByLabel('Wilayah').selectOption('35.71');
		await waits.waitFor();
		await page.getByRole('button', { name: 'Minta berkas' }).click();
		await page.getByText('Permintaan menunggu izin pengesah.').first().waitFor();
		const row = page.getByRole('region', { name: 'Permintaan berkas' }).getByRole('row').nth(1);
		await row.getByText('Menunggu izin').waitFor();
		assert.equal(await row.getByRole('button').count(), 0);
		await as('kepala', async (second) => {
			await second.visit('/ekspor');
			const asked = second.page.getByRole('region', { name: 'Menunggu izin Anda' }).first().getByRole('row').filter({ hasText: 'verifikator' });
			assert.deepEqual(await axe(second.page), []);
			await asked.first().getByRole('button', { name: 'Izinkan' }).click();
			await second.page.getByText('Diizinkan; berkas sedang dibuat.').first().waitFor();
		});
		await page.reload();
		await row.getByText('Siap diunduh').waitFor();
		const [download] = await Promise.all([page.waitForEvent('download'), row.getByRole('button', { name: 'Unduh Daftar tunggu' }).click()]);
		assert.match(download.suggestedFilename(), /^tilik-waitlist-\d{4}-\d\d-\d\d\.csv$/);
		const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
		assert.ok(lines.length > 100, `${lines.length} lines`);
		await row.getByText('Diunduh 1 kali').waitFor();
		await row.getByText(/kepala, /).waitFor();
	});
	await as('kepala', async (desk) => {
		await desk.visit('/ekspor');
		const row = desk.page.getByRole('region', { name: 'Permintaan berkas' }).getByRole('row').nth(1);
		await row.getByText('Hanya untuk peminta').waitFor();
	});
});

test('the quota table leads to the waitlist, which shows its order and what it was ranked by', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		interface Waitlist {
			readonly items: readonly { position: number; name: string; family: string }[];
			readonly waiting: number;
		}
		await desk.visit('/kuota');
		const quota = page.getByRole('region', { name: 'Kuota per kelurahan' }).getByRole('row').filter({ hasText: 'BLT' }).first();
		const link = quota.getByRole('link');
		const waiting = await link.innerText();
		await link.click();
		await page.waitForURL(/bagian=tunggu/);
		await desk.settled();
		assert.equal(await page.getByRole('tab', { selected: true }).innerText(), 'Daftar tunggu');
		const query = new URL(page.url()).searchParams;
		const list = await desk.get<Waitlist>(`/v1/waitlists?program=${query.get('program')}&region=${query.get('wilayah')}&limit=50`);
		assert.equal(list.waiting.toLocaleString('id-ID'), waiting, 'the table and the list count alike');
		await page.getByText(`${waiting} menunggu giliran`, { exact: false }).waitFor();
		const rows = page.getByRole('region', { name: /^Daftar tunggu / }).locator('tbody tr');
		const shown = await rows.evaluateAll((all) => all.map((row) => [row.children[0]?.textContent?.trim(), row.children[1]?.textContent?.trim()]));
		assert.deepEqual(shown, list.items.map(({ position, name }) => [String(position), name]));
		assert.match(await rows.first().innerText(), /desil \d+/);
		assert.deepEqual(await axe(page), []);
		// Without one of the two there is no order, and the page says what to choose.
		await page.getByRole('link', { name: 'Atur ulang' }).click();
		await page.getByText('Pilih satu kelurahan dan satu program untuk melihat urutannya.').waitFor();
		await page.goBack();
		await rows.first().getByRole('link').click();
		await page.waitForURL(`**/penerima/${list.items[0]?.family}`);
	});
});
