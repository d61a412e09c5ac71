/** What comes to an office in a month: who stands at the counter, appeals, letters, windows, lists of an RT, objections, families that move. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';

import read from 'jsqr';

import { as, axe, Desk, VILLAGES } from './kit.ts';
import { register } from './scene.ts';

const VILLAGE = VILLAGES[0] ?? '';
const OTHER = VILLAGES[1] ?? '';

interface Membership {
	readonly id: string;
	readonly program: string;
	readonly state: string;
	readonly family: string;
	readonly region: string;
}

interface FamilyPage {
	readonly family: { readonly version: number; readonly name: string; readonly persons: readonly { id: string; name: string }[] };
	readonly memberships: readonly { readonly membership: Membership }[];
}

/** A NIK of this family, as somebody may read it who says what for. */
async function nikOf(desk: Desk, family: string): Promise<string> {
	const reply = await desk.ask('post', `/v1/families/${family}/unmask`, { purpose: 'Mencocokkan KTP warga di loket' });
	assert.ok(reply.ok(), await reply.text());
	const { persons } = (await reply.json()) as { persons: { nik?: string | null }[] };
	const nik = persons.find((person) => person.nik)?.nik;
	assert.ok(nik, 'somebody of the family has a NIK');
	return nik;
}

/** A request that must be granted. */
async function done<T = unknown>(desk: Desk, path: string, data: object): Promise<T> {
	const reply = await desk.ask('post', path, { event_id: crypto.randomUUID(), ...data });
	assert.ok(reply.ok(), `POST ${path} answers ${reply.status()}: ${await reply.text()}`);
	return (reply.status() === 204 ? undefined : await reply.json()) as T;
}

test('at the counter a NIK answers with the state of each program, and nothing of it is left for the next in line', async () => {
	await as('operator1', async (desk) => {
		const { page } = desk;
		const { items } = await desk.get<{ items: { family: { id: string } }[] }>(`/v1/recipients?region=${VILLAGE}&limit=20`);
		const pages = await Promise.all(items.map(({ family }) => desk.get<FamilyPage>(`/v1/families/${family.id}`).then((told) => ({ id: family.id, ...told }))));
		const found = pages.toSorted((a, b) => b.memberships.length - a.memberships.length)[0];
		assert.ok(found !== undefined && found.memberships.length >= 2, 'somebody receives two programs');
		const nik = await nikOf(desk, found.id);
		await desk.visit('/tugas');
		await desk.goTo(/^Loket/);
		const field = page.getByLabel('NIK atau nomor KK');
		const find = page.getByRole('button', { name: 'Cari', exact: true });
		await field.fill(nik.slice(1));
		await find.click();
		await page.getByRole('alert').getByText('NIK atau nomor KK terdiri atas 16 angka.').waitFor();
		await field.fill(nik.replace(/(\d{4})(?=\d)/g, '$1 '));
		await find.click();
		const answer = page.getByRole('article', { name: found.family.name });
		await answer.waitFor();
		const programs = answer.locator('> ul > li');
		assert.equal(await programs.count(), found.memberships.length);
		const says: Readonly<Record<string, string>> = { active: 'Menerima bantuan.', suspended: 'Ditangguhkan: bantuan ditahan' };
		for (const [at, { membership }] of found.memberships.entries()) {
			await programs.nth(at).getByRole('heading').waitFor();
			await programs.nth(at).getByText(says[membership.state] ?? 'Yang dapat dilakukan').first().waitFor();
		}
		assert.ok(!(await page.locator('main').innerText()).replaceAll(/\s/g, '').includes(nik), 'the number is not on the screen');
		assert.deepEqual(await axe(page), []);
		await page.keyboard.press('b');
		await answer.waitFor({ state: 'detached' });
		assert.equal(await field.inputValue(), '');
		await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'number');
		// Nobody's number: what can be done is said, and where.
		await page.keyboard.type('3571031212990001');
		await page.keyboard.press('Enter');
		await page.getByText('Tidak terdaftar di wilayah ini').waitFor();
		await page.getByRole('link', { name: 'Daftarkan keluarga' }).waitFor();
		assert.deepEqual(await axe(page), []);
	});
});

interface Case {
	readonly id: string;
	readonly version: number;
	readonly state: string;
	readonly region: string;
	readonly family: { readonly id: string } | string;
	readonly memberships: readonly { id: string; outcome?: string | null }[];
}

/** A case whose evidence was accepted: one that waits already, or the first of the queue, accepted now. */
async function accepted(): Promise<{ id: string; region: string }> {
	return await as('koordinator', async (desk) => {
		const { items } = await desk.get<{ items: { id: string; region: string }[] }>('/v1/cases?state=accepted&limit=100');
		const there = items.find(({ region }) => VILLAGES.includes(region));
		if (there !== undefined) return there;
		const { case: first } = await done<{ case: Case }>(desk, '/v1/review/claim', { limit: 1, have: [] });
		await done(desk, `/v1/cases/${first.id}/accept`, { seen_version: first.version });
		const { region } = await desk.get<{ region: string }>(`/v1/cases/${first.id}`);
		return { id: first.id, region };
	});
}

/** A place that ended and that nobody appeals against: one there is, or one that is ended now by two persons. */
async function ended(): Promise<Membership> {
	const there = await as('koordinator', async (desk) => {
		const lists = await Promise.all(['replaced', 'inactive'].map((state) => desk.get<{ items: Membership[] }>(`/v1/memberships?state=${state}&limit=100`)));
		return lists.flatMap(({ items }) => items).filter(({ region }) => VILLAGES.includes(region));
	});
	for (const one of there) {
		const open = await as(`operator${VILLAGES.indexOf(one.region) + 1}`, (desk) => desk.get<{ items: { membership: string }[] }>(`/v1/appeals?family=${one.family}`));
		if (open.items.every(({ membership }) => membership !== one.id)) return one;
	}
	const { id, region } = await accepted();
	let view = await as(`operator${VILLAGES.indexOf(region) + 1}`, async (desk) => {
		let now = await desk.get<Case>(`/v1/cases/${id}`);
		for (const { id: membership } of now.memberships) {
			const say = { seen_version: now.version, membership, outcome: 'ineligible', reason: 'PINDAH_LUAR', document_number: `BA/${Date.now()}/2026` };
			now = await done<Case>(desk, `/v1/cases/${id}/decisions`, say);
		}
		return now;
	});
	await as('kepala', async (desk) => {
		for (const { id: membership } of view.memberships) {
			view = await done<Case>(desk, `/v1/cases/${id}/confirmations`, { seen_version: view.version, membership, confirm: true });
		}
	});
	const family = typeof view.family === 'string' ? view.family : view.family.id;
	const page = await as('koordinator', (desk) => desk.get<FamilyPage>(`/v1/families/${family}`));
	const one = page.memberships.map(({ membership }) => membership).find(({ state }) => state === 'replaced' || state === 'inactive');
	assert.ok(one !== undefined, JSON.stringify(page));
	return { ...one, family, region };
}

/** A second head of office, who had no hand in anything yet; with the password of all. */
async function anotherApprover(): Promise<string> {
	const username = `pengesah${Date.now()}`;
	const first = 'kata sandi pertama saja';
	const grant = await as('admin', async (desk) => {
		const user = await done<{ id: string }>(desk, '/v1/users', { username, name: 'Pengesah Kedua', password: first });
		return await done<{ id: string }>(desk, `/v1/users/${user.id}/grants`, { role: 'approver', regions: ['35.71'], document_number: '800/9/2026' });
	});
	await as('kepala', async (desk) => {
		const { items } = await desk.get<{ items: { id: string; user?: string; grant?: { id: string } }[] }>('/v1/grants/waiting');
		const waiting = items.find((one) => JSON.stringify(one).includes(username));
		assert.ok(waiting !== undefined, JSON.stringify({ items, grant }));
		await done(desk, `/v1/grants/${waiting.grant?.id ?? waiting.id}/confirm`, {});
	});
	const desk = await Desk.open();
	try {
		const signedIn = await desk.ask('post', '/v1/console/session', { username, password: first });
		assert.ok(signedIn.ok(), await signedIn.text());
		await done(desk, '/v1/me/password', { old_password: first, new_password: process.env.TILIK_CONSOLE_PASSWORD ?? 'kata sandi untuk uji' });
	} finally {
		await desk.close();
	}
	return username;
}

test('an appeal is taken down at the counter, examined and judged by people who had no hand in it, and the place is back', async () => {
	const place = await ended();
	const operator = `operator${VILLAGES.indexOf(place.region) + 1}`;
	const grounds = `Kami tidak pindah; hanya merawat ibu di Blitar sampai bulan lalu. (${Date.now()})`;
	const { appeal, receipt, name } = await as(operator, async (desk) => {
		const { page } = desk;
		await desk.visit('/loket');
		await page.getByLabel('NIK atau nomor KK').fill(await nikOf(desk, place.family));
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		await page.locator(`a[href="/keberatan/baru?keluarga=${place.family}&kepesertaan=${place.id}"]`).click();
		await page.waitForURL(/\/keberatan\/baru/);
		await desk.settled();
		await page.getByRole('button', { name: 'Catat', exact: true }).click();
		await page.getByRole('alert').getByRole('link').first().waitFor();
		await page.getByLabel('Nama yang datang').fill('Sulastri');
		await page.getByLabel('Sebagai').selectOption({ label: 'anggota keluarga' });
		await page.getByLabel('Yang disampaikan keluarga').fill(grounds);
		await page.getByRole('button', { name: 'Catat', exact: true }).click();
		await page.waitForURL(/\/keberatan\/[0-9a-f-]{36}$/);
		await page.getByRole('heading', { name: /^Keberatan / }).waitFor();
		await page.getByText(grounds).waitFor();
		// Who took it down had a hand in it.
		await page.getByRole('note').getByText(/^Anda terlibat/).waitFor();
		assert.deepEqual(await axe(page), []);
		const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
		const view = await desk.get<{ receipt: string; appeal: { family_name: string } }>(`/v1/appeals/${id}`);
		return { appeal: id, receipt: view.receipt, name: view.appeal.family_name };
	});
	await as('verifikator', async (desk) => {
		const { page } = desk;
		await desk.visit('/keberatan');
		await page.locator(`a[href="/keberatan/${appeal}"]`).click();
		await page.getByLabel('Usulan Anda').selectOption('upheld');
		await page.getByRole('button', { name: 'Kirim untuk diputus' }).click();
		await page.getByText('Pilih alasannya.').waitFor();
		await page.getByRole('radio').first().check();
		await page.getByLabel('Penjelasan untuk keluarga').fill('Keluarga masih tinggal di rumah yang sama; tetangga membenarkan.');
		await page.getByRole('button', { name: 'Kirim untuk diputus' }).click();
		await page.getByText('Hasil pemeriksaan dikirim ke pengesah.').first().waitFor();
		assert.equal(await page.getByRole('button', { name: 'Setujui', exact: true }).count(), 0);
	});
	const judge = await anotherApprover();
	await as(judge, async (desk) => {
		const { page } = desk;
		await desk.visit('/keberatan');
		await page.locator(`a[href="/keberatan/${appeal}"]`).click();
		await page.getByText('Bila disetujui, kepesertaan keluarga ini aktif lagi.', { exact: false }).waitFor();
		// What is sent back needs a word.
		await page.getByRole('button', { name: 'Kembalikan untuk diperiksa lagi' }).click();
		await page.getByRole('alert').waitFor();
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', { name: 'Setujui', exact: true }).click();
		await page.getByText('Keberatan diterima. Kepesertaan aktif lagi.').first().waitFor();
		await page.getByRole('heading', { name: 'Putusan', exact: true }).waitFor();
	});
	const { memberships } = await as(operator, (desk) => desk.get<FamilyPage>(`/v1/families/${place.family}`));
	assert.equal(memberships.find(({ membership }) => membership.id === place.id)?.membership.state, 'active');
	// The family sees it with its receipt, and nobody else's name with it.
	const family = await Desk.open();
	try {
		await family.visit(`/tanda-terima#${receipt}`);
		await family.page.getByText('Keberatan diterima: kepesertaan aktif lagi.', { exact: false }).waitFor();
		assert.ok(!(await family.page.locator('body').innerText()).includes(name));
		assert.deepEqual(family.faults(), []);
	} finally {
		await family.close();
	}
});

/** What the code on a printed letter reads as: its boxes are drawn anew and looked at as a camera would. */
function codeOn(pdf: Buffer): string {
	const text = pdf.toString('latin1');
	const boxes: { x: number; y: number; wide: number; high: number }[] = [];
	for (const { index, 0: begin } of text.matchAll(/stream\r?\n/g)) {
		if (text.slice(index - 3, index) === 'end') continue;
		const from = index + begin.length;
		let drawn: string;
		try {
			drawn = inflateSync(pdf.subarray(from, text.indexOf('endstream', from))).toString('latin1');
		} catch {
			continue;
		}
		for (const [, x = '', y = '', right = '', , , bottom = ''] of drawn.matchAll(/([\d.]+) ([\d.]+) m ([\d.]+) ([\d.]+) l ([\d.]+) ([\d.]+) l/g)) {
			boxes.push({ x: Number(x), y: Number(y), wide: Number(right) - Number(x), high: Number(bottom) - Number(y) });
		}
	}
	// What is as wide as the text are lines of the letterhead.
	const narrow = boxes.filter(({ wide }) => wide < 200);
	const side = Math.max(...narrow.map(({ high }) => high));
	const modules = narrow.filter(({ high }) => Math.abs(high - side) < 0.01);
	const [left, top] = [Math.min(...modules.map(({ x }) => x)), Math.min(...modules.map(({ y }) => y))];
	const SCALE = 4;
	const QUIET = 4;
	const across = (Math.round((Math.max(...modules.map(({ x, wide }) => x + wide)) - left) / side) + 2 * QUIET) * SCALE;
	const pixels = new Uint8ClampedArray(across ** 2 * 4).fill(255);
	for (const { x, y, wide } of modules) {
		const column = (Math.round((x - left) / side) + QUIET) * SCALE;
		const row = (Math.round((y - top) / side) + QUIET) * SCALE;
		const long = Math.round(wide / side) * SCALE;
		for (let n = row; n < row + SCALE; n += 1) pixels.fill(0, (n * across + column) * 4, (n * across + column + long) * 4);
	}
	return read(pixels, across, across)?.data ?? '';
}

test('a letter is issued and printed, its code agrees with the paper, an altered line does not, and a revoked one says so', async () => {
	await as('admin', async (desk) => {
		const { page } = desk;
		const offices = await desk.get<{ region: string }[]>('/v1/letter-offices');
		if (offices.some(({ region }) => VILLAGE.startsWith(region))) return;
		await desk.visit('/surat?bagian=kantor');
		await page.getByRole('button', { name: 'Atur kantor' }).click();
		await page.getByLabel('Kantor wilayah').selectOption('35.71');
		await page.getByLabel('Baris kop surat').fill('PEMERINTAH KOTA KEDIRI\nDINAS SOSIAL');
		await page.getByLabel('Alamat dan telepon kantor').fill('Kota Kediri, Jawa Timur');
		await page.getByLabel('Tempat surat ditandatangani').fill('Kediri');
		await page.getByLabel('Pola nomor').fill('400.9/{nomor:3}/419/{tahun}');
		await page.getByLabel('Jabatan penanda tangan').fill('KEPALA DINAS SOSIAL');
		await page.getByLabel('Nama penanda tangan').fill('Nama Contoh, S.Sos');
		await page.getByLabel('Tempat mengajukan keberatan').fill('kantor kelurahan, Senin sampai Jumat');
		await page.getByRole('button', { name: 'Simpan', exact: true }).click();
		await page.getByText('Pengaturan kantor disimpan.').first().waitFor();
	});
	const { address, number, line } = await as('operator1', async (desk) => {
		const { page } = desk;
		const { head } = await register(desk, VILLAGE);
		await desk.visit('/surat');
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		await page.getByRole('alert').getByText('Tulis keperluannya dalam 8 sampai 200 karakter.').waitFor();
		await page.getByLabel('Keperluan surat').fill('pendaftaran KIP Kuliah');
		await page.getByLabel('NIK atau nama warga').fill(head.nik);
		await page.getByRole('button', { name: 'Cari', exact: true }).click();
		await page.getByRole('list', { name: 'Keluarga yang ditemukan' }).getByRole('button', { name: 'Pilih' }).click();
		await page.getByLabel('Untuk anggota keluarga').selectOption({ label: head.name });
		await page.getByRole('button', { name: 'Lihat surat' }).click();
		const paper = page.getByRole('article', { name: 'Pratinjau' });
		await paper.waitFor();
		const terms = await paper.locator('dt').allInnerTexts();
		const values = await paper.locator('dd').allInnerTexts();
		const at = values.findIndex((value) => value.toLowerCase() === head.name.toLowerCase());
		assert.ok(at >= 0, values.join());
		assert.match(await paper.innerText(), /pendaftaran KIP Kuliah/);
		assert.deepEqual(await axe(page), []);
		const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Terbitkan dan unduh PDF' }).click()]);
		assert.match(file.suggestedFilename(), /^surat-[0-9A-Za-z-]+\.pdf$/);
		const pdf = await readFile(await file.path());
		assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
		const said = await page.getByText(/^Surat .* terbit\. Buka berkas PDF/).first().innerText();
		assert.equal(await page.getByLabel('NIK atau nama warga').inputValue(), '', 'nothing of whoever stood here is left');
		return { address: new URL(codeOn(pdf)), number: /^Surat (\S+) terbit/.exec(said)?.[1] ?? '', line: { term: terms[at] ?? '', value: values[at] ?? '' } };
	});
	assert.equal(address.pathname, '/periksa');
	const holder = await Desk.open();
	try {
		const { page } = holder;
		await holder.visit(`${address.pathname}${address.hash}`);
		await page.getByRole('heading', { name: 'Surat ini pernah kami terbitkan dan masih berlaku' }).waitFor();
		await page.getByText(number, { exact: true }).waitFor();
		assert.ok(!(await page.locator('body').innerText()).includes(line.value), 'the name is masked');
		const compare = page.getByRole('button', { name: 'Cocokkan', exact: true });
		await compare.click();
		await page.getByRole('alert').getByText('Pilih isian dan ketik yang tercetak.').waitFor();
		await page.getByLabel('Isian', { exact: true }).selectOption({ label: line.term });
		const typed = page.getByLabel('Yang tercetak di kertas');
		await typed.fill(line.value);
		await compare.click();
		await page.getByText(`${line.term}: sama dengan yang kami terbitkan.`).waitFor();
		await typed.fill(`${line.value} Putra`);
		await compare.click();
		await page.getByText(`${line.term}: TIDAK SAMA.`, { exact: false }).waitFor();
		assert.deepEqual(await axe(page), []);
		// One letter of the code is another: no letter has that.
		const last = address.hash.at(-2) === 'A' ? 'B' : 'A';
		await holder.page.goto('about:blank');
		await holder.visit(`${address.pathname}${address.hash.slice(0, -2)}${last}${address.hash.slice(-1)}`);
		await page.getByRole('heading', { name: 'Surat ini tidak dikenal' }).waitFor();

		await as('operator1', async (desk) => {
			await desk.visit('/surat?bagian=daftar');
			await desk.page.getByLabel('Cari nomor surat').fill(number);
			await desk.page.getByRole('button', { name: 'Cari', exact: true }).click();
			await desk.page.waitForURL(/nomor=/);
			const row = desk.page.getByRole('region', { name: 'Daftar surat' }).getByRole('row').nth(1);
			await row.getByRole('button', { name: 'Cabut', exact: true }).click();
			const dialog = desk.page.getByRole('dialog', { name: `Cabut surat ${number}?` });
			await dialog.getByRole('button', { name: 'Cabut surat', exact: true }).click();
			await dialog.getByText('Pilih alasan pencabutan.').first().waitFor();
			await dialog.getByRole('radio').first().check();
			await dialog.getByRole('button', { name: 'Cabut surat', exact: true }).click();
			await row.getByText(/^Dicabut: /).waitFor();
		});
		await page.goto('about:blank');
		await holder.visit(`${address.pathname}${address.hash}`);
		await page.getByRole('heading', { name: 'Surat ini DICABUT dan tidak berlaku lagi' }).waitFor();
		assert.deepEqual(holder.faults(), []);
	} finally {
		await holder.close();
	}
});

test('an admin asks for other days, an approver puts them in force, and what was in force before stays to be read', async () => {
	const document = `SE-${Date.now()}/2026`;
	const others = await as('admin', async (desk) => {
		const { page } = desk;
		await desk.visit('/jadwal');
		await page.getByRole('button', { name: 'Ajukan perubahan' }).click();
		const dialog = page.getByRole('dialog', { name: 'Ajukan perubahan jadwal' });
		// Of a kind and of data that nobody's proposal here is of.
		await dialog.getByLabel('Untuk', { exact: true }).selectOption({ label: 'Pindah wilayah' });
		await dialog.getByLabel('Data', { exact: true }).selectOption('dtks');
		await dialog.locator('[name="opens.n"]').fill('31');
		await dialog.getByRole('button', { name: 'Ajukan', exact: true }).click();
		await dialog.getByRole('alert').waitFor();
		assert.deepEqual(await axe(page), []);
		await dialog.locator('[name="opens.n"]').fill('2');
		await dialog.locator('[name="closes.n"]').fill('27');
		await dialog.getByLabel('Nomor surat edaran atau keputusan').fill(document);
		await dialog.getByRole('button', { name: 'Ajukan', exact: true }).click();
		await dialog.waitFor({ state: 'hidden' });
		const row = page.getByRole('row').filter({ hasText: document });
		await row.getByText('Menunggu pengesahan').waitFor();
		await row.getByRole('button', { name: 'Tarik' }).waitFor();
		assert.equal(await row.getByRole('button', { name: 'Sahkan' }).count(), 0);
		return (await desk.get<{ items: { document_number: string; act: string; regime: string; state: string }[] }>('/v1/windows')).items.filter(
			({ act, regime, state }) => act === 'relocation' && regime === 'dtks' && state === 'in_force',
		);
	});
	await as('kepala', async (desk) => {
		const { page } = desk;
		await desk.visit('/jadwal');
		const row = page.getByRole('row').filter({ hasText: document });
		await row.getByRole('button', { name: 'Sahkan' }).click();
		const dialog = page.getByRole('dialog', { name: 'Sahkan jadwal ini?' });
		await dialog.getByText(/^Pindah wilayah: Tanggal 2 – Tanggal 27$/).waitFor();
		await dialog.getByRole('button', { name: 'Sahkan' }).click();
		await row.getByText('Berlaku', { exact: true }).waitFor();
		const before = page.getByRole('region', { name: 'Sebelumnya' });
		for (const { document_number } of others) await before.getByRole('row').filter({ hasText: document_number }).getByText('Diganti').waitFor();
	});
});

test('the list of an RT is entered by digits, emptied by 0, and what filled the rest is undone', async () => {
	interface Count {
		readonly rw: string;
		readonly rt: string;
		readonly families: number;
		readonly [finding: string]: number | string;
	}
	const FINDINGS = ['present', 'died', 'moved', 'unknown', 'well_off'] as const;
	await as('operator1', async (desk) => {
		const { page } = desk;
		const { items, month } = await desk.get<{ month: string; items: Count[] }>(`/v1/rt-checks/progress?region=${VILLAGE}`);
		const untouched = items.find((one) => one.families >= 4 && FINDINGS.every((finding) => one[finding] === 0));
		assert.ok(untouched !== undefined, 'no list of the village is still empty');
		const { rw, rt, families } = untouched;
		const findings = async () =>
			(await desk.get<{ items: { finding?: string | null }[] }>(`/v1/rt-checks?region=${VILLAGE}&rw=${rw}&rt=${rt}&limit=500`)).items.map(({ finding }) => finding ?? null);
		await desk.visit('/penerima/rt');
		await page.getByRole('link', { name: `Isi daftar RT ${rt} RW ${rw}` }).click();
		await page.waitForURL(/rt=/);
		await desk.settled();
		const entered = async (n: number) => await page.getByRole('status').getByText(`: ${n} dari ${families} keluarga terisi`).waitFor();
		await entered(0);
		const rows = page.getByRole('region', { name: `RT ${rt} RW ${rw}` }).locator('tbody tr');
		await rows.first().getByRole('radio').first().focus();
		for (const digit of ['1', '3', '5']) await page.keyboard.press(digit);
		await entered(3);
		await page.waitForFunction(() => document.querySelector('fieldset[aria-busy="true"]') === null);
		assert.deepEqual((await findings()).slice(0, 4), ['present', 'moved', 'well_off', null]);
		await rows.nth(1).getByRole('link', { name: /^Minta kunjungan ke keluarga / }).waitFor();
		assert.ok(await rows.nth(3).getByRole('radio').first().evaluate((element) => element === document.activeElement), 'the next row has the focus');
		assert.deepEqual(await axe(page), []);
		// All others are there; and are not, after all.
		await page.getByRole('button', { name: `Sisanya ada (${families - 3})` }).click();
		await page.getByText(`${families - 3} keluarga ditandai ada.`).first().waitFor();
		await entered(families);
		await page.getByRole('region', { name: 'Pemberitahuan' }).getByRole('button', { name: 'Urungkan' }).click();
		await entered(3);
		for (const at of [0, 1, 2]) {
			await rows.nth(at).getByRole('radio', { checked: true }).focus();
			await page.keyboard.press('0');
			await entered(2 - at);
		}
		await page.waitForFunction(() => document.querySelector('fieldset[aria-busy="true"]') === null);
		assert.ok((await findings()).every((finding) => finding === null));
		assert.match(month, /^\d{4}-\d\d$/);
	});
});

test('an objection of the public page is admitted by a verifier: a visit is asked for, and the receipt says so without a name', async () => {
	const { id, head } = await as('operator1', (desk) => register(desk, VILLAGE));
	const nik = '3571034101800009';
	const citizen = await Desk.open();
	try {
		const { page } = citizen;
		const field = (name: string) => page.locator(`[name="${name}"]`);
		await citizen.visit('/sanggah?jenis=terlewat');
		await field('content.region').selectOption(VILLAGE);
		await field('content.about.name').fill(head.name);
		await field('content.about.address').fill('Jl. Percobaan 7, RT 001 RW 002');
		await field('content.grounds').fill('Keluarga itu tinggal di rumah bambu dan tidak pernah didata.');
		await field('content.objector.name').fill('Sumarni');
		await field('content.objector.nik').fill(nik);
		await field('content.objector.address').fill('Jl. Melati 6, RT 001 RW 002');
		await page.getByRole('button', { name: 'Kirim sanggahan' }).click();
		await page.getByRole('link', { name: 'Buka alamatnya' }).click();
		await page.waitForURL((url) => url.pathname === '/tanda-terima');
		await page.getByText('Menunggu diperiksa').first().waitFor();

		await as('verifikator', async (desk) => {
			const { page: at } = desk;
			await desk.visit('/sanggahan');
			await at.getByRole('link', { name: head.name }).click();
			await at.getByRole('heading', { name: `Sanggahan tentang ${head.name}` }).waitFor();
			await desk.settled();
			assert.ok(!(await at.locator('main').innerText()).includes('Sumarni'), 'who objects is sealed');
			await at.getByRole('button', { name: 'Tampilkan identitas' }).click();
			const dialog = at.getByRole('dialog', { name: 'Tampilkan identitas penyanggah' });
			await dialog.getByRole('button', { name: 'Menanyakan keterangan yang kurang' }).click();
			await dialog.getByRole('button', { name: 'Tampilkan identitas' }).click();
			await at.getByText(nik).waitFor();
			await at.getByRole('button', { name: 'Sembunyikan identitas' }).click();
			await at.getByText(nik).waitFor({ state: 'detached' });
			await at.getByRole('button', { name: 'Terima dan minta kunjungan' }).click();
			await at.getByRole('alert').getByText('Pilih dahulu keluarga yang dimaksud.').waitFor();
			await at.getByLabel('Cari nama kepala keluarga atau alamat').fill(head.name);
			await at.getByRole('button', { name: 'Cari', exact: true }).click();
			await at.getByRole('listitem').filter({ hasText: head.name }).getByRole('button', { name: 'Pilih' }).click();
			assert.deepEqual(await axe(at), []);
			await at.getByRole('button', { name: 'Terima dan minta kunjungan' }).click();
			await at.getByText('Sanggahan diterima. Kunjungan diminta.').first().waitFor();
			await at.locator('main').getByText('Diterima untuk diperiksa').first().waitFor();
		});
		await page.reload();
		await page.getByText('Diterima untuk diperiksa').first().waitFor();
		assert.ok(!(await page.locator('body').innerText()).includes(head.name));
		assert.deepEqual(citizen.faults(), []);
	} finally {
		await citizen.close();
	}
	const { family } = await as('koordinator', (desk) => desk.get<{ family: { name: string } }>(`/v1/families/${id}`));
	assert.equal(family.name, head.name);
	const open = await as('koordinator', (desk) => desk.get<{ items: { family: string }[] }>(`/v1/cases?state=open&region=${VILLAGE}&limit=100`));
	assert.ok(open.items.some((one) => one.family === id), 'a case without an officer waits');
});

test('whoever is in the registry is found by what stands on the card, and with another birthday is not', async () => {
	const { wife } = await as('operator1', (desk) => register(desk, VILLAGE));
	const desk = await Desk.open();
	try {
		const { page } = desk;
		const check = async (birth: string) => {
			await page.locator('[name="nik"]').fill(wife.nik);
			await page.locator('[name="name"]').fill(wife.name.toUpperCase());
			await page.locator('[name="birth_date"]').fill(birth);
			await page.getByRole('button', { name: 'Periksa', exact: true }).click();
		};
		await desk.visit('/cek');
		await check(wife.birthTyped);
		await page.getByRole('heading', { name: 'TERDAFTAR', exact: true }).waitFor();
		assert.ok(!(await page.locator('body').innerText()).toLowerCase().includes(wife.name.toLowerCase()), 'nothing of what was typed is left');
		assert.deepEqual(await axe(page), []);
		assert.equal(await page.getByRole('link', { name: 'Ajukan sanggah' }).getAttribute('href'), '/sanggah');
		await page.getByRole('button', { name: 'Periksa orang lain' }).click();
		await check('30-12-1949');
		await page.getByRole('heading', { name: 'TIDAK DITEMUKAN' }).waitFor();
		assert.deepEqual(desk.faults(), []);
	} finally {
		await desk.close();
	}
});

test('a family is moved by its operator, out of reach from then on, and sent back by the other', async () => {
	const village = await as('operator2', async (desk) => {
		const { items } = await desk.get<{ items: { code: string; name: string }[] }>('/v1/regions');
		return items.find(({ code }) => code === OTHER)?.name ?? '';
	});
	assert.notEqual(village, '');
	const { id, head } = await as('operator1', async (desk) => {
		const { page } = desk;
		const family = await register(desk, VILLAGE);
		await desk.visit(`/keluarga/${family.id}`);
		// Over a correction, whose fields bear the same names: those of the dialog are meant.
		await page.getByRole('tab', { name: 'Perbaiki' }).click();
		await page.getByRole('button', { name: 'Pindah kelurahan' }).click();
		const dialog = page.getByRole('dialog', { name: 'Pindah ke kelurahan lain' });
		await dialog.getByLabel('Cari kelurahan tujuan').fill(village);
		await dialog.getByRole('button', { name: 'Cari', exact: true }).click();
		await dialog.getByLabel('Kelurahan tujuan', { exact: true }).selectOption(OTHER);
		await dialog.getByRole('button', { name: 'Pindah kelurahan' }).click();
		assert.deepEqual(await axe(page), []);
		await dialog.getByRole('alert').getByRole('link').first().click();
		assert.ok(await dialog.getByLabel('Alamat baru').evaluate((element) => element === document.activeElement));
		await dialog.getByLabel('Alamat baru').fill('Jl. Kenanga 3');
		await dialog.getByLabel('RT', { exact: true }).fill('002');
		await dialog.getByLabel('RW', { exact: true }).fill('003');
		await dialog.getByRole('button', { name: 'Pindah kelurahan' }).click();
		await page.waitForURL(/\/kependudukan\?bagian=keluar/);
		await page.getByRole('listitem').filter({ hasText: family.head.name }).getByText('Baru datang').waitFor();
		assert.equal((await desk.ask('get', `/v1/families/${family.id}`)).status(), 404);
		return family;
	});
	await as('operator2', async (desk) => {
		const { page } = desk;
		await desk.visit('/kependudukan?bagian=masuk');
		const item = page.getByRole('listitem').filter({ hasText: head.name });
		await item.getByText('Jl. Kenanga 3', { exact: false }).waitFor();
		await item.getByRole('button', { name: 'Kembalikan' }).click();
		const dialog = page.getByRole('dialog', { name: `Kembalikan ${head.name}?` });
		await dialog.getByRole('button', { name: 'Kembalikan' }).click();
		await dialog.getByText('Pilih salah satu alasan.').waitFor();
		await dialog.getByRole('radio').first().check();
		await dialog.getByRole('button', { name: 'Kembalikan' }).click();
		await page.getByText('Keluarga dikembalikan.').first().waitFor();
		await item.waitFor({ state: 'detached' });
		assert.equal((await desk.ask('get', `/v1/families/${id}`)).status(), 404);
	});
	await as('operator1', async (desk) => {
		const { page } = desk;
		await desk.visit('/kependudukan?bagian=keluar&semua=1');
		await page.getByRole('listitem').filter({ hasText: head.name }).getByText('Dikembalikan').waitFor();
		await desk.visit(`/keluarga/${id}`);
		await page.getByRole('heading', { name: head.name, level: 1 }).waitFor();
		await page.getByText('Jl. Percobaan 7').first().waitFor();
	});
});
