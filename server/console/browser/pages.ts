/** The pages of the console, by who opens them. */
import { as, VILLAGES, type Desk } from './kit.ts';

/** An address, or how to find one; null when there is nothing to show the page with. */
export type Address = string | ((desk: Desk) => Promise<string | null>);

async function firstOf(desk: Desk, list: string, path: (id: string) => string, key = 'id'): Promise<string | null> {
	const { items } = await desk.get<{ items: Record<string, string>[] }>(list);
	const id = items[0]?.[key];
	return id === undefined ? null : path(id);
}

/** What a person hands in, whose page is then looked at. */
async function made(desk: Desk, list: string, content: object): Promise<string> {
	const reply = await desk.ask('post', list, { event_id: crypto.randomUUID(), ...content });
	if (!reply.ok()) throw new Error(`POST ${list} answers ${reply.status()}: ${await reply.text()}`);
	return ((await reply.json()) as { row: { id: string } }).row.id;
}

const OWN = VILLAGES[0] ?? '';

/** A proposal of this operator's: the first there is, or one made now. */
async function proposal(desk: Desk): Promise<string | null> {
	const path = (id: string): string => `/usulan/${id}`;
	const there = await firstOf(desk, '/v1/proposals?limit=1', path);
	if (there !== null) return there;
	const { items } = await desk.get<{ items: { family: { id: string } }[] }>(`/v1/recipients?region=${OWN}&limit=1`);
	const family = items[0]?.family.id;
	if (family === undefined) return null;
	return path(await made(desk, '/v1/proposals', { content: { kind: 'correction', family, note: 'Nama anak kedua keliru.' } }));
}

async function deliberation(desk: Desk): Promise<string | null> {
	const path = (id: string): string => `/musyawarah/${id}`;
	const there = await firstOf(desk, '/v1/deliberations?limit=1', path);
	if (there !== null) return there;
	const attendees = [{ name: 'Sulastri', office: 'Lurah' }];
	return path(await made(desk, '/v1/deliberations', { content: { region: OWN, held_on: '2026-11-24', place: 'Balai kelurahan', attendees, names: [] } }));
}

/** The list of the first RT of the operator's village. */
async function rtSheet(desk: Desk): Promise<string | null> {
	const { items } = await desk.get<{ items: { rw: string; rt: string }[] }>(`/v1/rt-checks/progress?region=${OWN}`);
	const first = items[0];
	return first === undefined ? null : `/penerima/rt?kelurahan=${OWN}&rw=${first.rw}&rt=${first.rt}`;
}

async function rule(desk: Desk): Promise<string | null> {
	const path = (id: string): string => `/aturan/${id}`;
	const there = await firstOf(desk, '/v1/rules', path);
	if (there !== null) return there;
	const reply = await desk.ask('post', '/v1/rules/shipped', { event_id: crypto.randomUUID(), region: '35.71' });
	if (!reply.ok()) throw new Error(`the shipped rules: ${reply.status()} ${await reply.text()}`);
	return await firstOf(desk, '/v1/rules', path);
}

/** An appeal that waits: the first there is, or one that the village's operator takes down now. */
async function appeal(desk: Desk): Promise<string | null> {
	const path = (id: string): string => `/keberatan/${id}`;
	const there = await firstOf(desk, '/v1/appeals?limit=1', path);
	if (there !== null) return there;
	for (const state of ['replaced', 'inactive']) {
		const { items } = await desk.get<{ items: { id: string; region: string }[] }>(`/v1/memberships?state=${state}&limit=50`);
		const ended = items.find(({ region }) => VILLAGES.includes(region));
		if (ended === undefined) continue;
		const content = { membership: ended.id, came: 'Sulastri', appellant: 'family', grounds: 'Kami masih tinggal di rumah yang sama.' };
		return await as(`operator${VILLAGES.indexOf(ended.region) + 1}`, async (operator) => path(await filed(operator, content)));
	}
	return null;
}

/** An objection that waits: the first there is, or one that somebody without an account sends now. */
async function objection(desk: Desk): Promise<string | null> {
	const path = (id: string): string => `/sanggahan/${id}`;
	const there = await firstOf(desk, '/v1/objections?limit=1', path);
	if (there !== null) return there;
	const content = {
		kind: 'left_out',
		region: OWN,
		about: { name: 'Sulastri', address: 'Jl. Melati 4, RT 001 RW 002' },
		objector: { name: 'Sumarni', nik: '3571034101800009', address: 'Jl. Melati 6, RT 001 RW 002' },
		grounds: 'Keluarga itu tinggal di rumah bambu dan tidak pernah didata.',
	};
	const reply = await desk.ask('post', '/v1/public/objections', { event_id: crypto.randomUUID(), content });
	if (!reply.ok()) throw new Error(`POST /v1/public/objections answers ${reply.status()}: ${await reply.text()}`);
	return await firstOf(desk, '/v1/objections?limit=1', path);
}

async function filed(operator: Desk, content: object): Promise<string> {
	const reply = await operator.ask('post', '/v1/appeals', { event_id: crypto.randomUUID(), ...content });
	if (!reply.ok()) throw new Error(`POST /v1/appeals answers ${reply.status()}: ${await reply.text()}`);
	return ((await reply.json()) as { appeal: { id: string } }).appeal.id;
}

export const PAGES: Readonly<Record<string, readonly Address[]>> = {
	koordinator: [
		'/tugas',
		'/tinjau',
		'/tinjau/lembar',
		'/kasus',
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/kasus/${id}`),
		(desk) => firstOf(desk, '/v1/cases?state=submitted&limit=1', (id) => `/tinjau/${id}`),
		(desk) => firstOf(desk, '/v1/officers', (id) => `/kasus/jalan/${id}`, 'user'),
		'/kasus/rencana',
		'/peta',
		'/ringkasan',
		'/laporan',
		'/laporan/kepala-daerah',
		'/kuota',
		'/kuota?bagian=ganda',
		'/perangkat',
		'/perangkat/kode',
		'/perangkat/kode/banyak',
		'/perangkat/sandi',
	],
	operator1: [
		'/tugas',
		'/penerima',
		'/penerima?bagian=putusan',
		`/penerima/rt?kelurahan=${OWN}`,
		rtSheet,
		`/penerima/rt/cetak?kelurahan=${OWN}&rw=001&rt=001`,
		'/keluarga',
		'/keluarga?bagian=kembar',
		'/keluarga?bagian=pengesahan',
		'/kependudukan',
		'/kependudukan?bagian=masuk',
		'/kependudukan?bagian=keluar',
		'/kependudukan?bagian=kiriman',
		'/kependudukan?bagian=padanan',
		'/jkn',
		'/jkn?bagian=tak-dikenal',
		'/jkn?bagian=semua',
		'/pembatalan',
		'/persetujuan',
		'/usulan',
		'/usulan/baru',
		'/usulan/banyak',
		proposal,
		'/musyawarah',
		'/musyawarah/baru',
		deliberation,
		'/jadwal',
		'/surat',
		'/surat?bagian=daftar',
		'/surat?bagian=kantor',
		'/periksa',
		'/loket',
		'/keberatan',
		'/keberatan?keadaan=dijawab',
		'/keberatan/baru',
		'/tanda-terima',
		'/cek',
		'/sanggah',
		'/sanggahan',
		'/sanggahan?keadaan=dijawab',
		'/sanggahan/baru',
		'/penggantian',
		'/siks-ng',
		'/ekspor',
		'/akun',
		'/akun/kata-sandi',
		'/akun/kode',
		'/atur-ulang',
		'/apa-yang-baru',
	],
	verifikator: [
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/penerima/${id}`, 'family'),
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/penerima/${id}/pembatalan`, 'family'),
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/keluarga/${id}`, 'family'),
		appeal,
		objection,
	],
	kepala: [
		'/akun',
		'/tugas',
		'/persetujuan',
		'/persetujuan?state=decided',
		'/persetujuan?bagian=slip',
		'/persetujuan?bagian=aturan',
		(desk) => firstOf(desk, '/v1/cases?state=decided&limit=1', (id) => `/persetujuan/${id}`),
		(desk) => firstOf(desk, '/v1/cases?state=awaiting_approval&limit=1', (id) => `/persetujuan/${id}`),
	],
	admin: [
		'/aturan',
		rule,
		'/impor',
		'/impor/baru',
		'/impor/foto-lama',
		(desk) => firstOf(desk, '/v1/imports?limit=1', (id) => `/impor/${id}`),
		'/pengguna',
		'/pengguna?cari=petugas',
		(desk) => firstOf(desk, '/v1/users?role=approver&limit=1', (id) => `/pengguna/${id}`),
		(desk) => firstOf(desk, '/v1/users?role=officer&limit=1', (id) => `/pengguna/${id}/peran`),
		'/pengguna/baru',
		'/pengguna/berkas',
		'/latihan',
	],
	inspektorat: ['/jejak', '/jejak?bagian=pembacaan&dari=2026-01-01&urut=lama'],
	latihan: ['/tinjau', '/kasus', (desk) => firstOf(desk, '/v1/cases?limit=1', (id) => `/kasus/${id}`), '/peta'],
};

/** Where the page is, for this desk. */
export async function addressOf(desk: Desk, page: Address): Promise<string | null> {
	return typeof page === 'string' ? page : await page(desk);
}
