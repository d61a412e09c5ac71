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
		'/tinjau',
		'/kasus',
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/kasus/${id}`),
		(desk) => firstOf(desk, '/v1/cases?state=submitted&limit=1', (id) => `/tinjau/${id}`),
		(desk) => firstOf(desk, '/v1/officers', (id) => `/kasus/jalan/${id}`, 'user'),
		'/kasus/rencana',
		'/peta',
		'/perangkat',
		'/perangkat/kode',
	],
	operator1: ['/penerima', '/persetujuan', '/akun', '/akun/kata-sandi'],
	verifikator: [
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/penerima/${id}`, 'family'),
		(desk) => firstOf(desk, '/v1/cases?state=accepted&limit=1', (id) => `/penerima/${id}/pembatalan`, 'family'),
	],
	kepala: ['/persetujuan', (desk) => firstOf(desk, '/v1/cases?state=decided&limit=1', (id) => `/persetujuan/${id}`)],
	admin: ['/impor', '/impor/baru', (desk) => firstOf(desk, '/v1/imports?limit=1', (id) => `/impor/${id}`), '/pengguna', '/pengguna/baru', '/pengguna/berkas'],
	inspektorat: ['/jejak'],
};

/** Where the page is, for this desk. */
export async function addressOf(desk: Desk, page: Address): Promise<string | null> {
	return typeof page === 'string' ? page : await page(desk);
}
