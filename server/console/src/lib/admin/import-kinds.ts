/** What the files of each kind look like: columns with the headings offices use, as the server knows them. Pure. */
import type { Schemas } from '../api.ts';
import { parseCsv, plainHeader } from './csv.ts';

export type ImportKind = Schemas['ImportKind'];
export type FileColumns = Schemas['FileColumns'];

export interface Column {
	/** The heading of the example file. */
	readonly name: string;
	/** The server's name, which its problems quote. */
	readonly field: string;
	/** Other headings that mean it, as `plainHeader` leaves them. */
	readonly also: readonly string[];
	readonly required: boolean;
}

export interface Kind {
	readonly kind: ImportKind;
	readonly format: 'csv' | 'geojson';
	readonly columns: readonly Column[];
	/** Of these columns at least one must be there. */
	readonly oneOf: readonly string[];
}

/** The largest file the server takes. */
export const MOST_BYTES = 256 * 1024 * 1024;
/** Enough for the headings of any table. */
export const HEAD_BYTES = 64 * 1024;

function needs(name: string, field: string, ...also: string[]): Column {
	return { name, field, also, required: true };
}

function takes(name: string, field: string, ...also: string[]): Column {
	return { name, field, also, required: false };
}

const UNIT: readonly Column[] = [
	takes('id_keluarga', 'id_keluarga', 'idkeluargadtsen', 'iddtks'),
	takes('no_kk', 'no_kk', 'nokk', 'kk', 'nomorkk'),
	takes('nik', 'nik'),
];
const UNIT_NAMES: readonly string[] = UNIT.map(({ name }) => name);

/** In the order in which an empty registry is filled: each kind needs those before it. */
export const KINDS: readonly Kind[] = [
	{
		kind: 'regions',
		format: 'csv',
		columns: [
			needs('kode', 'code', 'kodewilayah', 'wilayahcode'),
			takes('induk', 'parent', 'kodeinduk'),
			needs('nama', 'name', 'namawilayah'),
			takes('tingkat', 'level'),
		],
		oneOf: [],
	},
	{ kind: 'boundaries', format: 'geojson', columns: [], oneOf: [] },
	{
		kind: 'programs',
		format: 'csv',
		columns: [
			needs('kode', 'code', 'program', 'kodeprogram'),
			needs('nama', 'name', 'namaprogram'),
			needs('satuan', 'unit', 'penerima'),
			takes('desil_maks', 'decile_max', 'desilmax', 'batasdesil'),
			needs('sumber_dana', 'fund', 'dana'),
			takes('pusat', 'central'),
			takes('urutan_daftar_tunggu', 'waitlistorder', 'urutan'),
		],
		oneOf: [],
	},
	{
		kind: 'quotas',
		format: 'csv',
		columns: [
			needs('kode_program', 'program'),
			needs('kode_wilayah', 'region', 'wilayah', 'wilayahcode', 'kelurahan'),
			needs('jatah', 'slots', 'kuota', 'jumlah'),
		],
		oneOf: [],
	},
	{
		kind: 'families',
		format: 'csv',
		columns: [
			takes('id_keluarga', 'id_keluarga', 'idkeluargadtsen', 'registrykey'),
			needs('no_kk', 'no_kk', 'nokk', 'kk', 'nomorkk', 'nokartukeluarga'),
			needs('nik', 'nik', 'nonik', 'nomorindukkependudukan'),
			needs('nama', 'nama', 'name', 'namalengkap', 'namaart', 'namaorang', 'namapenerima', 'namaanggotakeluarga'),
			takes('nama_kepala_keluarga', 'nama_kepala_keluarga', 'namakrt', 'namakk', 'kepalakeluarga', 'namakepala'),
			takes('id_orang', 'id_orang', 'idsemesta', 'idart', 'linekey'),
			takes('tanggal_lahir', 'tanggal_lahir', 'tgllahir', 'birthdate'),
			takes('jenis_kelamin', 'jenis_kelamin', 'jk', 'sex', 'kelamin'),
			needs('hub_keluarga', 'hub_keluarga', 'hubungankeluarga', 'hubungan', 'relation', 'statushubungan', 'shdk', 'hubungandengankepalakeluarga'),
			needs('alamat', 'alamat', 'address', 'alamatktp', 'alamatlengkap'),
			needs('rt', 'rt', 'nort'),
			needs('rw', 'rw', 'norw'),
			takes('wilayah', 'wilayah', 'kodewilayah', 'wilayahcode', 'idwilayah', 'region', 'kodekelurahan', 'kodedesa'),
			takes('kabupaten_kota', 'kabupaten_kota', 'kabkota', 'kota', 'kabupaten', 'namakabupaten'),
			takes('kecamatan', 'kecamatan', 'namakecamatan'),
			takes('desa_kelurahan', 'desa_kelurahan', 'kelurahan', 'desa', 'kelurahandesa', 'namakelurahan', 'namadesa'),
			takes('desil', 'desil', 'decile', 'desilnasional'),
			takes('status_hidup', 'status_hidup', 'hidup', 'keteranganmeninggal'),
			takes('id_dtks', 'id_dtks'),
			takes('lintang', 'lintang', 'latitude', 'lat'),
			takes('bujur', 'bujur', 'longitude', 'lon', 'lng', 'long'),
		],
		oneOf: ['wilayah', 'desa_kelurahan'],
	},
	{
		kind: 'memberships',
		format: 'csv',
		columns: [
			needs('kode_program', 'program', 'bansos'),
			...UNIT,
			takes('status', 'status', 'state'),
			takes('status_pusat', 'status_pusat', 'centralstatus'),
		],
		oneOf: UNIT_NAMES,
	},
	{
		kind: 'waitlist',
		format: 'csv',
		columns: [
			needs('kode_program', 'program', 'bansos'),
			needs('kode_wilayah', 'region', 'wilayah', 'wilayahcode', 'kelurahan'),
			needs('urutan', 'urutan', 'position', 'peringkat', 'nomorurut'),
			...UNIT,
			takes('desil', 'desil', 'decile', 'desilnasional'),
			takes('indikator_262', 'indikator_262', 'indikator', 'hits', 'hits262'),
			takes('rentan', 'rentan', 'vulnerable', 'lansiadisabilitasbalita'),
			takes('tanggal_usulan', 'tanggal_usulan', 'proposedon', 'tglusulan'),
		],
		oneOf: UNIT_NAMES,
	},
	{
		kind: 'decree',
		format: 'csv',
		columns: [
			needs('kode_program', 'program', 'bansos', 'jenisbansos'),
			needs('no_sk', 'no_sk', 'nomorsk', 'sk', 'nomorkeputusan', 'firstsk'),
			takes('tanggal_sk', 'tanggal_sk', 'tglsk', 'tanggalkeputusan'),
			takes('periode', 'periode', 'period', 'tahap', 'periodesk'),
			takes('id_keluarga', 'id_keluarga', 'idkeluargadtsen', 'iddtks'),
			takes('no_kk', 'no_kk', 'nokk', 'kk', 'nomorkk'),
			takes('nik', 'nik', 'nonik', 'nikpengurus'),
			takes('nama', 'nama', 'name', 'namapenerima', 'namapengurus'),
			takes('putusan', 'putusan', 'status', 'keputusan', 'state'),
			takes('alasan', 'alasan', 'keterangan', 'reason'),
		],
		oneOf: UNIT_NAMES,
	},
	{ kind: 'pins', format: 'geojson', columns: [], oneOf: [] },
	{
		kind: 'health',
		format: 'csv',
		columns: [
			needs('nik', 'nik', 'nonik', 'nomorindukkependudukan'),
			needs('status', 'status', 'statuspeserta', 'statuskepesertaan', 'statusjkn', 'statusbpjs'),
			takes('segmen', 'segmen', 'segment', 'segmenpeserta', 'jenispeserta', 'jeniskepesertaan'),
			takes('sejak', 'sejak', 'since', 'tmt', 'tanggalnonaktif', 'tglnonaktif', 'tmtnonaktif', 'berlakusejak'),
			needs('per_tanggal', 'per_tanggal', 'tanggaldata', 'tgldata', 'datapertanggal', 'asof'),
			takes('nama', 'nama', 'name', 'namapeserta'),
		],
		oneOf: [],
	},
];

export function kindOf(text: string | null): Kind | undefined {
	return KINDS.find(({ kind }) => kind === text);
}

function means(column: Column, heading: string): boolean {
	return plainHeader(column.name) === heading || plainHeader(column.field) === heading || column.also.includes(heading);
}

/** A field of a problem as the person knows the column, where the server says it in English. */
export function fieldName(kind: ImportKind, field: string): string {
	return kindOf(kind)?.columns.find((each) => each.field === field)?.name ?? field;
}

export interface Headings {
	/** For each column that is known, the file's own heading. */
	readonly found: readonly { readonly column: Column; readonly heading: string | undefined }[];
	readonly missing: readonly Column[];
	/** Columns of which one is needed, when none is there. */
	readonly oneOf: readonly string[];
	/** Headings that mean nothing to the server. */
	readonly ignored: readonly string[];
}

/** How the first row of a file fits its kind. */
export function headingsOf(kind: Kind, cells: readonly string[]): Headings {
	const found = kind.columns.map((column) => ({
		column,
		heading: cells.find((cell) => means(column, plainHeader(cell))),
	}));
	const named = new Set(found.filter(({ heading }) => heading !== undefined).map(({ column }) => column.name));
	return {
		found,
		missing: kind.columns.filter(({ name, required }) => required && !named.has(name)),
		oneOf: kind.oneOf.some((name) => named.has(name)) ? [] : kind.oneOf,
		ignored: cells.filter((cell) => cell !== '' && !kind.columns.some((column) => means(column, plainHeader(cell)))),
	};
}

export type Unfit = 'empty' | 'too_large' | 'old_spreadsheet' | 'pdf' | 'encoding' | 'not_geojson';

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
	return start.every((byte, at) => bytes[at] === byte);
}

/** Whether a file is a workbook (XLSX), by its first bytes. */
export function isWorkbook(head: Uint8Array): boolean {
	return startsWith(head, 0x50, 0x4b, 0x03, 0x04);
}

/** How the server takes the headings of a file: by their names, or as somebody mapped them before. */
export function headingsTold(kind: Kind, told: FileColumns): Headings {
	const at = new Map(told.columns.map(({ name, header }) => [name, header ?? undefined]));
	const found = kind.columns.map((column) => {
		const header = at.get(column.field);
		return { column, heading: header === undefined ? undefined : told.headers[header] };
	});
	const used = new Set(at.values());
	const lacks = (name: string) => found.find(({ column }) => column.name === name)?.heading === undefined;
	return {
		found,
		missing: found.filter(({ column, heading }) => column.required && heading === undefined).map(({ column }) => column),
		oneOf: kind.oneOf.every(lacks) ? kind.oneOf : [],
		ignored: told.headers.filter((heading, header) => heading !== '' && !used.has(header)),
	};
}

/** Why a file cannot be of this kind, by its size and first bytes; null when it may be. */
export function unfit(kind: Kind, size: number, head: Uint8Array): Unfit | null {
	if (size === 0) return 'empty';
	if (size > MOST_BYTES) return 'too_large';
	if (isWorkbook(head)) return kind.format === 'geojson' ? 'not_geojson' : null;
	if (startsWith(head, 0xd0, 0xcf, 0x11, 0xe0)) return 'old_spreadsheet';
	if (startsWith(head, 0x25, 0x50, 0x44, 0x46)) return 'pdf';
	if (startsWith(head, 0xff, 0xfe) || startsWith(head, 0xfe, 0xff) || head.includes(0)) return 'encoding';
	const text = new TextDecoder().decode(head).replace(/^\uFEFF/, '');
	if (kind.format === 'geojson') return text.trimStart().startsWith('{') ? null : 'not_geojson';
	return text.trim() === '' ? 'empty' : null;
}

/** The headings of a table by its first bytes. */
export function headCells(head: Uint8Array): readonly string[] {
	return parseCsv(new TextDecoder().decode(head))[0]?.cells ?? [];
}
