/** The pages of the console, by who opens them. */
import type { Desk } from './kit.ts';

/** An address, or how to find one; null when there is nothing to show the page with. */
export type Address = string | ((desk: Desk) => Promise<string | null>);

async function firstOf(desk: Desk, list: string, path: (id: string) => string, key = 'id'): Promise<string | null> {
	const { items } = await desk.get<{ items: Record<string, string>[] }>(list);
	const id = items[0]?.[key];
	return id === undefined ? null : path(id);
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
		'/keluarga',
		'/keluarga?bagian=kembar',
		'/keluarga?bagian=pengesahan',
		'/kependudukan',
		'/kependudukan?bagian=masuk',
		'/kependudukan?bagian=keluar',
		'/kependudukan?bagian=kiriman',
		'/pembatalan',
		'/persetujuan',
		'/usulan',
		'/usulan/baru',
		'/usulan/banyak',
		(desk) => firstOf(desk, '/v1/proposals?limit=1', (id) => `/usulan/${id}`),
		'/musyawarah',
		'/musyawarah/baru',
		(desk) => firstOf(desk, '/v1/deliberations?limit=1', (id) => `/musyawarah/${id}`),
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
		(desk) => firstOf(desk, '/v1/rules', (id) => `/aturan/${id}`),
		'/impor',
		'/impor/baru',
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
