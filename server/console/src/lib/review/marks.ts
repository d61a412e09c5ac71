/** What a reviewer marks as wrong, and what of it goes back to the officer. Pure. */
import type { Schemas } from '#lib/api.ts';
import { reason } from '#lib/reasons.ts';

export type Target = Schemas['ReturnTarget'];

/** One thing that is wrong with one part of a visit. */
export interface Mark {
	readonly target: Target;
	readonly code: string;
}

/** A reason that fits a target, with the digit that chooses it. */
export interface Offer {
	readonly digit: string;
	readonly code: string;
	readonly label: string;
}

/** The server takes no more reasons in one return. */
export const MOST_MARKS = 50;
export const MOST_NOTE = 500;

/** The same for the same target; marks are grouped by it. */
export function targetKey(target: Target): string {
	switch (target.kind) {
		case 'photo':
			return `photo:${target.photo}`;
		case 'answer':
			return `answer:${target.question}`;
		case 'pin':
		case 'visit':
			return target.kind;
	}
}

export function isOn(mark: Mark, target: Target): boolean {
	return targetKey(mark.target) === targetKey(target);
}

/** The codes marked on a target. */
export function codesOn(marks: readonly Mark[], target: Target): string[] {
	return marks.filter((mark) => isOn(mark, target)).map(({ code }) => code);
}

/** Sets the mark, or takes it away when it is set. */
export function toggled(marks: readonly Mark[], target: Target, code: string): Mark[] {
	const without = marks.filter((mark) => !(isOn(mark, target) && mark.code === code));
	if (without.length < marks.length || marks.length >= MOST_MARKS) return without;
	return [...marks, { target, code }];
}

export function cleared(marks: readonly Mark[], target: Target): Mark[] {
	return marks.filter((mark) => !isOn(mark, target));
}

/** One digit a code whatever the photo shows: fingers learn it. A code that does not fit leaves its digit empty. */
const ON_PHOTO: readonly (readonly [digit: string, code: string, kinds?: readonly string[]])[] = [
	['1', 'FOTO_BURAM'],
	['2', 'FOTO_BUKAN_TAMPAK_DEPAN', ['house_front']],
	// Not on the halves of a narrow alley's front: where nobody can stand back, roof and floor cannot both be in the picture.
	['3', 'ATAP_TERPOTONG', ['house_front']],
	['4', 'LANTAI_TIDAK_TERLIHAT', ['house_front', 'house_inside']],
	['5', 'FOTO_GELAP'],
	['6', 'FOTO_DUPLIKAT'],
	['7', 'FOTO_DARI_LAYAR'],
	['8', 'IDENTITAS_TIDAK_COCOK'],
	['9', 'DOKUMEN_KURANG'],
];
const ON_PIN = ['AKURASI_RENDAH', 'LUAR_KELURAHAN', 'JAUH_DARI_TITIK_SEBELUMNYA'];
const ON_ANSWER = ['JAWABAN_TIDAK_KONSISTEN', 'IDENTITAS_TIDAK_COCOK', 'DOKUMEN_KURANG'];
const ON_VISIT = ['WAKTU_TIDAK_WAJAR', 'IDENTITAS_TIDAK_COCOK', 'DOKUMEN_KURANG', 'JAWABAN_TIDAK_KONSISTEN', 'LUAR_KELURAHAN'];

function inOrder(codes: readonly string[]): Offer[] {
	return codes.map((code, at) => ({ digit: String(at + 1), code, label: reason(code) }));
}

/** The reasons that fit a target. `kind` is the photo's. */
export function offers(target: Target, kind = ''): Offer[] {
	switch (target.kind) {
		case 'photo':
			return ON_PHOTO.filter(([, , kinds]) => kinds?.includes(kind) ?? true).map(([digit, code]) => ({
				digit,
				code,
				label: reason(code),
			}));
		case 'pin':
			return inOrder(ON_PIN);
		case 'answer':
			return inOrder(ON_ANSWER);
		case 'visit':
			return inOrder(ON_VISIT);
	}
}

/** The body of a return. The note is one for all: it stands with the first reason, where the officer begins to read. */
export function returnBody(event: string, version: number, marks: readonly Mark[], note: string): Schemas['ReturnCase'] {
	const words = note.trim();
	return {
		event_id: event,
		seen_version: version,
		reasons: marks.map(({ target, code }, at) => ({ target, code, ...(at === 0 && words !== '' ? { note: words } : {}) })),
	};
}

/** Marks and note as lines of plain text, as the officer reads them; also what is copied when a return was refused. */
export function told(marks: readonly Mark[], note: string, nameOf: (target: Target) => string): string[] {
	const words = note.trim();
	return [...marks.map(({ target, code }) => `${nameOf(target)}: ${reason(code)}`), ...(words === '' ? [] : [words])];
}
