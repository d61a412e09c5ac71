/** What is done at desks, each main path by its pages: planning, giving out, deciding with two persons, a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Page } from 'playwright-core';

import { as, axe, VILLAGES, type Desk } from './kit.ts';

const VILLAGE = '35.71.03.1009';

interface Row {
	readonly id: string;
	readonly name: string;
	readonly state: string;
	readonly region: string;
	readonly family: string;
	readonly officer?: string | null;
}

interface View {
	readonly id: string;
	readonly state: string;
	readonly version: number;
	readonly accepted_basis?: string | null;
	readonly current_visit: string;
	readonly visits: readonly { id: string; flags: readonly unknown[] }[];
	readonly memberships: readonly { id: string; outcome?: string }[];
}

async function cases(desk: Desk, query: string): Promise<readonly Row[]> {
	return (await desk.get<{ items: Row[] }>(`/v1/cases?limit=100&${query}`)).items;
}

test('a coordinator plans visits by rule, opens and gives them in one act, and each is theirs', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		const { items: officers } = await desk.get<{ items: { user: string; name: string; regions: string[] }[] }>('/v1/officers');
		const works = ({ regions }: { regions: string[] }) => regions.some((code) => `${VILLAGE}.`.startsWith(`${code}.`));
		const officer = officers.find(works);
		assert.ok(officer !== undefined, 'an officer works there');
		await desk.visit('/kasus/rencana');
		await page.getByLabel('Wilayah').selectOption(VILLAGE);
		for (const rule of [/^Kunjungan sudah diminta/, /^Desil melonjak/, /^Foto terakhir/, /^Bagian acak/]) {
			await page.getByRole('checkbox', { name: rule }).uncheck();
		}
		await page.getByRole('button', { name: 'Hitung rencana' }).click();
		await page.getByText(/keluarga di .* masuk rencana\./).waitFor();
		// Only one goes, who takes four more than lie there already.
		await page.getByLabel('Kapasitas semua petugas').fill('0');
		const held = await cases(desk, `officer=${officer.user}&state=assigned`);
		const back = await cases(desk, `officer=${officer.user}&state=returned`);
		await page.getByLabel(`Kapasitas ${officer.name}`, { exact: true }).fill(String(held.length + back.length + 4));
		await page.getByRole('button', { name: 'Hitung ulang' }).first().click();
		const open = page.getByRole('button', { name: 'Buka dan tugaskan 4 kasus' });
		await open.waitFor();
		await desk.settled();
		await page.locator('details', { hasText: officer.name }).locator('summary').click();
		await page.getByRole('button', { name: /^Keluarkan / }).first().click();
		await page.getByRole('combobox', { name: /^Alasan mengeluarkan/ }).selectOption('SEDANG_PERGI');
		await page.getByText('1 keluarga Anda keluarkan.').waitFor();
		const three = page.getByRole('button', { name: 'Buka dan tugaskan 3 kasus' });
		// A day that does not exist is not "no day".
		await page.getByLabel('Jadwal tutup').fill('31/02/2027');
		await page.getByLabel('Jadwal tutup').blur();
		assert.equal(await three.getAttribute('aria-disabled'), 'true');
		await page.getByLabel('Jadwal tutup').fill('31/12/2027');
		await three.click();
		await page.getByText('Semua kasus sudah dibuka.').waitFor();
		await page.getByText('3 dari 3 keluarga').waitFor();

		// The plan stands in the address, and leads to the walk.
		await page.reload();
		await page.getByText('Semua kasus sudah dibuka.').waitFor();
		await page.getByRole('link', { name: `Daftar jalan ${officer.name}` }).click();
		await page.waitForURL(`**/kasus/jalan/${officer.user}`);

		const known = new Set(held.map(({ id }) => id));
		const now = await cases(desk, `officer=${officer.user}&state=assigned`);
		const opened = now.filter(({ id }) => !known.has(id));
		assert.equal(opened.length, 3);
		// What an operator asks for lies there without an officer, and is given out at once.
		await as('operator1', async (operator) => {
			const { items } = await operator.get<{ items: { family: { id: string } }[] }>(`/v1/recipients?region=${VILLAGE}&state=unvisited&limit=2`);
			assert.equal(items.length, 2);
			for (const { family } of items) {
				const asked = { event_id: crypto.randomUUID(), kind: 'quick', reason: 'FOTO_LAMA' };
				const reply = await operator.ask('post', `/v1/families/${family.id}/visit-requests`, asked);
				assert.ok(reply.ok(), await reply.text());
			}
		});
		await desk.visit(`/kasus?state=open&region=${VILLAGE}`);
		// All of them means those of this page, and says how many that is.
		const lie = (await cases(desk, `state=open&region=${VILLAGE}`)).length;
		await page.getByRole('checkbox', { name: `Pilih ${lie} kasus di halaman ini yang dapat ditugaskan` }).check();
		await page.getByText(`${lie} kasus dipilih: ${lie} dari ${lie} di halaman ini`).waitFor();
		const table = page.getByRole('region', { name: 'Daftar kasus' });
		assert.ok(await table.evaluate((box) => box.scrollWidth <= box.clientWidth), 'no column is cut on an office laptop');
		await page.getByRole('button', { name: 'Tugaskan' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('radio').first().check();
		await dialog.getByRole('button', { name: 'Tugaskan' }).click();
		await page.getByText(/^\d+ kasus ditugaskan kepada/).first().waitFor();
		assert.ok((await cases(desk, `state=open&region=${VILLAGE}`)).length === 0);
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

/** What this person may see of accepted cases that nothing speaks against. */
async function clear(desk: Desk): Promise<(Row & { view: View })[]> {
	const rows = await Promise.all((await cases(desk, 'state=accepted')).map(async (row) => ({ ...row, view: await desk.get<View>(`/v1/cases/${row.id}`) })));
	return rows.filter(({ view }) => {
		const unflagged = view.visits.find(({ id }) => id === view.current_visit)?.flags.length === 0;
		return unflagged && view.accepted_basis !== 'unreachable' && view.memberships.every(({ outcome }) => outcome === undefined);
	});
}

/** Fills in what a decree is, has it printed, and reads what is on the paper. */
async function printed(page: Page, first: boolean): Promise<string> {
	const dialog = page.getByRole('dialog', { name: 'Cetak lampiran keputusan (BNBA)' });
	await dialog.waitFor();
	const kind = dialog.getByLabel('Jenis keputusan');
	if (first) {
		await dialog.getByRole('button', { name: 'Cetak', exact: true }).click();
		await dialog.getByText('Isi jenis keputusannya').first().waitFor();
		await kind.fill('Keputusan Wali Kota Kediri');
		await dialog.getByLabel('Nomor', { exact: true }).fill('188.45/812/2026');
		await dialog.getByLabel('Nama penanda tangan').fill('Contoh Penanda Tangan');
		assert.deepEqual(await axe(page), []);
	} else {
		assert.equal(await kind.inputValue(), 'Keputusan Wali Kota Kediri', 'what was typed is remembered in the tab');
	}
	await page.evaluate(() => {
		window.print = () => undefined;
	});
	await dialog.getByRole('button', { name: 'Cetak', exact: true }).click();
	const annex = page.locator('.annex');
	await annex.locator('section').first().waitFor({ state: 'attached' });
	await page.emulateMedia({ media: 'print' });
	assert.ok(await annex.isVisible());
	assert.ok(!(await page.locator('h1').isVisible()), 'only the annex is on the paper');
	const text = await annex.innerText();
	await page.emulateMedia({ media: 'screen' });
	await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
	await annex.waitFor({ state: 'detached' });
	await dialog.getByRole('button', { name: 'Tutup' }).click();
	assert.match(text, /KEPUTUSAN WALI KOTA KEDIRI[^]*188\.45\/812\/2026[^]*Contoh Penanda Tangan/i);
	assert.doesNotMatch(text, /•/, 'no masked number is on a decree');
	return text;
}

test('an operator finds several families eligible at once', async () => {
	const found = await as('koordinator', clear);
	const [village, rows] = [...Map.groupBy(found, ({ region }) => region)].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
	assert.ok(village !== undefined && rows !== undefined && rows.length >= 2, 'no two accepted cases of a village wait for their operator');
	await as(`operator${VILLAGES.indexOf(village) + 1}`, async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima?bagian=putusan');
		const [one, other] = rows;
		for (const row of [one, other]) {
			await page.locator('li', { has: page.locator(`a[href="/penerima/${row?.family}"]`) }).getByRole('checkbox').check();
		}
		await page.getByText('2 keluarga dipilih').waitFor();
		await page.getByRole('button', { name: 'Tandai layak', exact: true }).click();
		const dialog = page.getByRole('dialog', { name: 'Tandai layak' });
		await dialog.getByRole('button', { name: 'Tandai layak sekarang' }).click();
		await dialog.getByText('2 keluarga selesai.').waitFor();
		await dialog.getByRole('button', { name: 'Selesai' }).click();
		for (const row of [one, other]) {
			const view = await desk.get<View>(`/v1/cases/${row?.id}`);
			assert.ok(['decided', 'awaiting_approval'].includes(view.state), view.state);
		}
	});
});

test('of several families one that somebody else decided meanwhile is told by name and time, and the others go on', async () => {
	const found = await as('koordinator', clear);
	const [village, rows] = [...Map.groupBy(found, ({ region }) => region)].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
	assert.ok(village !== undefined && rows !== undefined && rows.length >= 2, 'no two accepted cases of a village wait for their operator');
	const [taken, other] = rows;
	assert.ok(taken !== undefined && other !== undefined);
	await as(`operator${VILLAGES.indexOf(village) + 1}`, async (desk) => {
		const { page } = desk;
		await desk.visit('/penerima?bagian=putusan');
		for (const row of [taken, other]) {
			await page.locator('li', { has: page.locator(`a[href="/penerima/${row.family}"]`) }).getByRole('checkbox').check();
		}
		await as('verifikator', async (faster) => {
			let { version } = taken.view;
			for (const { id } of taken.view.memberships) {
				const body = { event_id: crypto.randomUUID(), seen_version: version, membership: id, outcome: 'eligible' };
				const reply = await faster.ask('post', `/v1/cases/${taken.id}/decisions`, body);
				assert.equal(reply.status(), 200, await reply.text());
				({ version } = (await reply.json()) as View);
			}
		});
		await page.getByRole('button', { name: 'Tandai layak', exact: true }).click();
		const dialog = page.getByRole('dialog', { name: 'Tandai layak' });
		await dialog.getByRole('button', { name: 'Tandai layak sekarang' }).click();
		await dialog.getByText('1 keluarga selesai.').waitFor();
		const line = dialog.getByRole('listitem').filter({ hasText: taken.name });
		await line.getByText(/Sudah (diputuskan|diajukan untuk disahkan) oleh .+ pukul \d\d\.\d\d WIB\. Keputusan Anda tidak dicatat\.$/).waitFor();
		assert.deepEqual(await axe(page), []);
		await dialog.getByRole('button', { name: 'Selesai' }).click();
		assert.notEqual((await desk.get<View>(`/v1/cases/${other.id}`)).state, 'accepted');
	});
});

test('an approver confirms several proposals at once but for one taken out, and the annex names those confirmed', async () => {
	const rows = (await as('koordinator', clear)).slice(0, 3).map((row, at) => ({ ...row, document: `BA/sekaligus-${at + 1}/2026` }));
	assert.equal(rows.length, 3, 'three accepted cases wait for an operator');
	for (const row of rows) {
		await as(`operator${VILLAGES.indexOf(row.region) + 1}`, async (desk) => {
			let { version } = row.view;
			for (const { id } of row.view.memberships) {
				const body = { event_id: crypto.randomUUID(), seen_version: version, membership: id, outcome: 'ineligible', reason: 'PINDAH_LUAR', document_number: row.document };
				const reply = await desk.ask('post', `/v1/cases/${row.id}/decisions`, body);
				assert.equal(reply.status(), 200, await reply.text());
				({ version } = (await reply.json()) as View);
			}
		});
	}
	await as('kepala', async (desk) => {
		const { page } = desk;
		// Everybody begins with what waits for them, the oldest first; the menu says how much that is.
		await page.waitForURL('**/tugas');
		await desk.settled();
		await page.getByRole('link', { name: 'Buka pengesahan', exact: true }).click();
		await page.waitForURL('**/persetujuan');
		await desk.settled();
		const menu = page.getByRole('navigation', { name: 'Halaman utama' }).getByRole('link', { name: /^Pengesahan/, includeHidden: true });
		const waits = async () => Number(/\d+/.exec((await menu.textContent()) ?? '')?.[0] ?? 0);
		await page.waitForFunction(() => /\d/.test(document.querySelector('nav#menu a[href="/persetujuan"]')?.textContent ?? ''));
		const before = await waits();
		assert.ok(before >= 3, `${before} wait`);
		const box = (id: string) => page.locator('li', { has: page.locator(`a[href="/persetujuan/${id}"]`) }).getByRole('checkbox');
		for (const { id } of rows) await box(id).check();
		await page.getByText('3 keluarga dipilih').waitFor();
		const [doubtful, ...others] = rows;
		assert.ok(doubtful !== undefined);
		await box(doubtful.id).uncheck();
		await page.getByText('2 keluarga dipilih').waitFor();
		for (const { document } of rows) await page.getByText(`Dokumen ${document}`).waitFor();

		await page.getByRole('button', { name: 'Cetak usulan' }).click();
		const proposed = await printed(page, true);
		assert.match(proposed, /belum ditetapkan/);

		await page.getByRole('button', { name: 'Sahkan yang dipilih' }).click();
		const dialog = page.getByRole('dialog', { name: 'Sahkan yang dipilih' });
		await dialog.getByRole('button', { name: 'Sahkan sekarang' }).click();
		await dialog.getByText('2 keluarga selesai.').waitFor();
		await dialog.getByRole('button', { name: 'Cetak lampiran: 2 keluarga yang disahkan' }).click();
		const confirmed = await printed(page, false);
		assert.match(confirmed, /yang ditetapkan[^]*Pengganti[^]*Dibatalkan/);
		for (const text of [proposed, confirmed]) {
			for (const { name, document } of others) assert.ok(text.includes(name) && text.includes(document), `${name}, ${document}: ${text}`);
			assert.ok(!text.includes(doubtful.document), 'what was taken out is not on the list');
		}
		await dialog.getByRole('button', { name: 'Selesai' }).click();
		await page.waitForFunction((n) => document.querySelector('nav#menu a[href="/persetujuan"] .waits')?.textContent === String(n), before - 2);
		for (const { id } of others) assert.equal((await desk.get<View>(`/v1/cases/${id}`)).state, 'decided');
		assert.equal((await desk.get<View>(`/v1/cases/${doubtful.id}`)).state, 'awaiting_approval');

		// Later it prints again, from what was decided that day.
		const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Jakarta' }).format(new Date());
		await desk.visit(`/persetujuan?state=decided&hasil=ineligible&dari=${today}&sampai=${today}`);
		assert.deepEqual(await axe(page), []);
		await page.getByRole('button', { name: 'Cetak lampiran', exact: true }).click();
		const again = await printed(page, false);
		for (const { name, document } of others) assert.ok(again.includes(name) && again.includes(document), again);
		await page.getByLabel('Diputuskan sejak').fill('01/01/2031');
		await page.getByLabel('Sampai').fill('');
		await page.getByRole('button', { name: 'Terapkan' }).click();
		await page.waitForURL(/dari=2031-01-01/);
		await page.getByText('Tidak ada kasus yang diputuskan menurut saringan ini').waitFor();
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
		await page.getByRole('button', { name: 'Kirim untuk diuji coba' }).click();
		await page.waitForURL(/\/impor\/[0-9a-f-]+$/);
		await page.getByRole('button', { name: 'Terapkan 3 baris' }).click();
		await page.getByText('Hasilnya sama dengan uji coba.').waitFor();
		await desk.settled();
		const id = page.url().split('/').at(-1);
		const report = await desk.get<{ lines: number; rejected: number; added: number; waiting?: number }>(`/v1/imports/${id}`);
		assert.equal(report.lines, good.length + bad.length);
		assert.equal(report.rejected, bad.length);
		for (const line of [5, 6, 7]) await page.getByRole('cell', { name: String(line), exact: true }).or(page.getByText(`Baris ${line}`)).first().waitFor();
	});
});

/** An accepted case that its operator has before their eyes while a verifier decides it. */
async function overtaken(index: number, work: (desk: Desk, first: Row, decide: () => Promise<void>) => Promise<void>): Promise<void> {
	const rows = await as('koordinator', (desk) => cases(desk, 'state=accepted'));
	const first = rows.toSorted((a, b) => (a.id < b.id ? 1 : -1))[index];
	assert.ok(first !== undefined, 'no accepted case waits for an operator');
	await as('verifikator', async (other) => {
		interface View {
			version: number;
			state: string;
			memberships: { id: string; outcome?: string | null }[];
		}
		const decide = async () => {
			let view = await other.get<View>(`/v1/cases/${first.id}`);
			for (const { id } of view.memberships) {
				const act = { event_id: crypto.randomUUID(), seen_version: view.version, membership: id, outcome: 'eligible' };
				const reply = await other.ask('post', `/v1/cases/${first.id}/decisions`, act);
				assert.equal(reply.status(), 200, await reply.text());
				view = (await reply.json()) as View;
			}
			assert.notEqual(view.state, 'accepted');
		};
		await as(`operator${VILLAGES.indexOf(first.region) + 1}`, (desk) => work(desk, first, decide));
	});
}

test('a decision that somebody else was faster with ends in a notice that says who and when, and stays', async () => {
	await overtaken(0, async (desk, first, decide) => {
		const { page } = desk;
		await desk.visit(`/penerima/${first.family}`);
		// What is decided about is there to be looked at.
		await page.getByRole('heading', { name: 'Bukti yang diputuskan' }).waitFor();
		await page.getByRole('heading', { name: /^Tanda/ }).waitFor();
		await page.getByRole('button', { name: 'Putuskan layak' }).click();
		const dialog = page.getByRole('dialog');
		for (const box of await dialog.getByRole('checkbox').all()) await box.check();
		await decide();
		await dialog.getByRole('button', { name: 'Putuskan layak' }).click();
		await dialog.waitFor({ state: 'hidden' });
		const notice = page.getByRole('region', { name: 'Pemberitahuan' });
		await notice.getByText(/^Sudah (diputuskan|diajukan untuk disahkan) oleh .+ pukul \d\d\.\d\d WIB\. Keputusan Anda tidak dicatat\.$/).waitFor();
		await desk.settled();
		await page.waitForTimeout(7_000);
		await notice.getByRole('link', { name: 'Lihat hasil' }).click();
		await page.waitForURL(`**/persetujuan/${first.id}`);
		await desk.settled();
		assert.equal(await notice.getByText(/^Sudah/).count(), 0);
	});
});

test('a proposal that somebody else was faster with says so where the family is', async () => {
	await overtaken(1, async (desk, first, decide) => {
		const { page } = desk;
		await desk.visit(`/penerima/${first.family}/pembatalan`);
		await page.getByRole('heading', { name: 'Bukti' }).waitFor();
		for (const box of await page.getByRole('checkbox').all()) await box.check();
		await page.getByLabel('Nomor dokumen').fill('188.45/13/2026');
		await page.getByRole('radio').first().check();
		await page.getByRole('button', { name: 'Periksa' }).click();
		await decide();
		await page.getByRole('button', { name: 'Kirim usulan' }).click();
		await page.waitForURL(`**/penerima/${first.family}`);
		const notice = page.getByRole('region', { name: 'Pemberitahuan' });
		await notice.getByText(/^Sudah (diputuskan|diajukan untuk disahkan) oleh .+ Usulan Anda tidak dicatat\.$/).waitFor();
	});
});
