/** Words of a case's parts that are more than a look-up in one list. No Svelte here: the tests read it as it is. */
import type { Schemas } from '#lib/api.ts';
import { dateTime, howLong, number } from '#lib/format.ts';
import { actedAs, outcomeChip, photoKind } from '#lib/labels.ts';
import { reason } from '#lib/reasons.ts';
import { programName } from '#lib/recipient/programs.ts';
import { isHurried } from '#lib/sheet/houses.ts';
import { family, flags, history, photos } from '#lib/texts/cases.ts';
import { thumb } from '#lib/texts/thumb.ts';

function wordIn(words: Readonly<Record<string, string>>, key: string): string | undefined {
	return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** Why a photo cannot be used, in words; a code that is not known is shown as it came. */
export function photoProblem(code: string | null | undefined): string {
	return code === null || code === undefined ? photos.bad : (wordIn(photos.problems, code) ?? code);
}

/** `Tampak depan, diambil 24 Nov 2026, 14.05 WIB`; of a house that the family moved away from, `…, rumah sebelum pindah`. */
export function photoAlt(photo: Pick<Schemas['PhotoView'], 'kind' | 'taken_at' | 'before_move'>): string {
	const said = photos.alt(photoKind(photo.kind), dateTime(photo.taken_at));
	return photo.before_move ? `${said}, ${withinSentence(thumb.beforeMove)}` : said;
}

export function relation(code: string): string {
	return wordIn(family.relations, code) ?? code;
}

/** What is missing, in words: `titik lokasi, foto`. */
export function missingParts(parts: readonly string[]): string {
	return parts.map((part) => wordIn(flags.parts, part) ?? part).join(', ');
}

/** `Terukur 180 m, batas 75 m.`; nothing for a flag without a number. */
export function measured({ measure }: Pick<Schemas['FlagView'], 'measure'>): string {
	if (!measure || !Object.hasOwn(flags.units, measure.unit)) return '';
	const words = (n: number) => flags.units[measure.unit](number(n));
	if (typeof measure.limit !== 'number') return flags.measured(words(measure.value));
	return flags.measuredAgainst(words(measure.value), words(measure.limit));
}

/** `RT 02 / RW 05`. */
export function rtRw(place: { rt: string; rw: string }): string {
	return family.rtRw(place.rt, place.rw);
}

export interface Act {
	readonly when: string;
	readonly who: string;
	readonly did: string;
	readonly reasons: string;
	/** The number of the document it rests on; '' without one. */
	readonly document: string;
}

/** `Koordinator` → `koordinator`; a name within it keeps its capital. */
function withinSentence(word: string): string {
	return word.slice(0, 1).toLowerCase() + word.slice(1);
}

function did(row: Schemas['HistoryRow']): string {
	if (row.action === 'case.assign') {
		// The server has one act for giving, giving again and taking back; the states tell which it was.
		if (row.to === 'open') return history.released;
		if (row.from === 'assigned' || row.from === 'returned') return history.reassigned;
	}
	const did = wordIn(history.acts, row.action) ?? row.action;
	if (row.on_sheet) {
		const { shown_ms: shown, houses } = row.on_sheet;
		return history.onSheet(did, number(houses), number(Math.round(shown / 1_000)), isHurried(row.on_sheet));
	}
	if (row.held_ms != null) return history.held(did, howLong(row.held_ms));
	if (!row.program) return did;
	const program = programName(row.program);
	if (!row.outcome) return history.aboutProgram(did, program);
	return history.about(did, program, withinSentence(outcomeChip(row.outcome).word));
}

function asWhat(row: Schemas['HistoryRow']): string {
	const word = withinSentence(actedAs(row.role, row.actor));
	return row.deputy_for ? history.deputy(word, row.deputy_for) : word;
}

function whoOf(person: string | undefined, word: string): string {
	if (person === undefined) return history.system;
	return word === '' ? person : history.who(person, word);
}

/** An act on a case as one line says it. */
export function act(row: Schemas['HistoryRow']): Act {
	const person = row.name ?? (row.actor ? history.unnamed : undefined);
	return {
		when: dateTime(row.at),
		who: whoOf(person, asWhat(row)),
		did: did(row),
		reasons: (row.reasons ?? []).map(reason).join(', '),
		document: row.document_number ?? '',
	};
}
