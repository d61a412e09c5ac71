/** A table of people becomes accounts, with what is wrong told by line and column. Pure. */
import { parseDay } from '../format.ts';
import { GRANTABLE_ROLES, role as roleWord } from '../labels.ts';
import { users } from '../texts/users.ts';
import type { Schemas } from '../api.ts';
import { parseCsv, plainHeader } from './csv.ts';
import { spanProblem } from './grants.ts';

type Role = Schemas['Role'];

export interface NewGrant {
	readonly role: Role;
	readonly regions: readonly string[];
	readonly document: string;
	/** ISO days or ''. */
	readonly from: string;
	readonly until: string;
}

export interface CellProblem {
	readonly field: string;
	readonly remedy: string;
}

export interface Entry {
	readonly line: number;
	readonly name: string;
	readonly username: string;
	readonly grant: NewGrant | null;
	readonly problems: readonly CellProblem[];
}

export interface Read {
	readonly entries: readonly Entry[];
	/** Why the table as a whole cannot be read. */
	readonly failure: string | null;
}

interface Known {
	/** The accounts there are. */
	readonly usernames: ReadonlySet<string>;
	readonly hasRegion: (code: string) => boolean;
	/** ISO day of the region. */
	readonly today: string;
}

export const MOST_ROWS = 500;
const LONGEST_NAME = 200;
const LONGEST_DOCUMENT = 64;

/** What cannot be seen, or turns around what stands beside it; the server knows a few more. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

const t = users.csv;

/** Headings in the order of the example file, each with what else offices write. */
const COLUMNS = {
	nama: ['name', 'namalengkap'],
	nama_pengguna: ['username', 'akun', 'user'],
	peran: ['role'],
	wilayah: ['kodewilayah', 'region', 'regions'],
	nomor_dokumen: ['nosk', 'nomorsk', 'nomorsurat', 'documentnumber'],
	mulai: ['mulaiberlaku', 'validfrom'],
	sampai: ['berlakusampai', 'validuntil'],
} as const;
type Name = keyof typeof COLUMNS;
export const HEADINGS = Object.keys(COLUMNS) as readonly Name[];

/** What the server takes for a username. */
export function usernameProblem(username: string): string | null {
	if (!/^[a-z0-9._-]{3,64}$/.test(username)) return users.usernameShape;
	return holdsNumber(username) ? users.personalNumber : null;
}

export function nameProblem(name: string): string | null {
	if (UNSEEN.test(name)) return users.nameUnseen;
	if (name === '' || !/\p{L}/u.test(name)) return users.nameMissing;
	if (name.includes('  ')) return users.nameSpaces;
	if ([...name].length > LONGEST_NAME) return users.nameLong;
	return holdsNumber(name) ? users.personalNumber : null;
}

export function documentProblem(text: string): string | null {
	if (!/\d/.test(text)) return users.documentMissing;
	if ([...text].length > LONGEST_DOCUMENT) return users.documentLong;
	return holdsNumber(text) ? users.personalNumber : null;
}

/** Whether a text may hold a NIK or KK number; the server refuses it then. */
function holdsNumber(text: string): boolean {
	return /\d{16}/.test(text.replace(/[ .-]/g, ''));
}

function roleOf(text: string): Role | undefined {
	const word = text.toLowerCase();
	return GRANTABLE_ROLES.find((role) => role === word || roleWord(role).toLowerCase() === word);
}

/** A Kemendagri code with its dots, which spreadsheets and people leave out. */
function dotted(code: string): string {
	const digits = code.replaceAll('.', '');
	const parts = /^(\d\d)(\d\d)?(\d\d)?(\d{4})?$/.exec(digits);
	return parts === null ? code : parts.slice(1).filter((part) => part !== undefined).join('.');
}

function day(text: string): string | null {
	return /^\d{4}-\d\d-\d\d$/.test(text) ? parseDay(text.split('-').toReversed().join('/')) : parseDay(text);
}

function grantOf(cell: (name: Name) => string, known: Known, wrong: (field: Name, remedy: string) => void): NewGrant | null {
	const names: readonly Name[] = ['peran', 'wilayah', 'nomor_dokumen', 'mulai', 'sampai'];
	if (names.every((name) => cell(name) === '')) return null;
	const role = roleOf(cell('peran'));
	if (role === undefined) wrong('peran', t.unknownRole);
	const regions = cell('wilayah').split(/[\s,;]+/).filter((code) => code !== '').map(dotted);
	if (regions.length === 0) wrong('wilayah', users.regionsMissing);
	const strange = regions.filter((code) => !known.hasRegion(code));
	if (strange.length > 0) wrong('wilayah', t.unknownRegion(strange.join(', ')));
	const document = cell('nomor_dokumen');
	const documentWrong = documentProblem(document);
	if (documentWrong !== null) wrong('nomor_dokumen', documentWrong);
	const days = (['mulai', 'sampai'] as const).map((name) => {
		const read = cell(name) === '' ? '' : day(cell(name));
		if (read === null) wrong(name, users.badDay);
		return read ?? '';
	});
	const [from = '', until = ''] = days;
	const span = spanProblem(from, until, known.today);
	if (span !== null) wrong('sampai', users.span[span]);
	return role === undefined ? null : { role, regions, document, from, until };
}

/** Reads the table; entries with problems are told and not to be sent. */
export function readUsers(text: string, known: Known): Read {
	const [header, ...rows] = parseCsv(text);
	if (header === undefined || rows.length === 0) return { entries: [], failure: t.empty };
	if (rows.length > MOST_ROWS) return { entries: [], failure: t.tooMany(MOST_ROWS, rows.length) };
	const headings = header.cells.map(plainHeader);
	const places = new Map<Name, number>();
	for (const name of HEADINGS) {
		const also: readonly string[] = COLUMNS[name];
		const at = headings.findIndex((heading) => heading === plainHeader(name) || also.includes(heading));
		if (at >= 0) places.set(name, at);
	}
	const missing = (['nama', 'nama_pengguna'] as const).filter((name) => !places.has(name));
	if (missing.length > 0) return { entries: [], failure: t.missing(missing.join(', ')) };

	const seen = new Map<string, number>();
	const entries = rows.map(({ line, cells }): Entry => {
		const cell = (name: Name) => cells[places.get(name) ?? -1] ?? '';
		const problems: CellProblem[] = [];
		const wrong = (field: Name, remedy: string) => void problems.push({ field, remedy });
		const name = cell('nama').replace(/\s+/g, ' ');
		const username = cell('nama_pengguna').toLowerCase();
		const nameWrong = nameProblem(name);
		if (nameWrong !== null) wrong('nama', nameWrong);
		const usernameWrong = usernameProblem(username);
		if (usernameWrong !== null) wrong('nama_pengguna', usernameWrong);
		const before = seen.get(username);
		if (before !== undefined) wrong('nama_pengguna', t.twice(before));
		else if (known.usernames.has(username)) wrong('nama_pengguna', users.usernameTaken);
		seen.set(username, before ?? line);
		const grant = grantOf(cell, known, wrong);
		return { line, name, username, grant, problems };
	});
	return { entries, failure: null };
}
