/** What is other about a family since it was last decided, in chips for a row and in lines for its page. Pure. */
import type { Schemas } from '#lib/api.ts';
import { date, metres, number } from '#lib/format.ts';
import { membershipChip, type Chip } from '#lib/labels.ts';
import { since as t } from '#lib/texts/recipients.ts';

import { programName } from './programs.ts';

type FamilyChanges = Schemas['FamilyChanges'];
type PersonEvent = Schemas['PersonEvent'];

export interface Change {
	readonly chip: Chip;
	/** The same at length, one line a fact. */
	readonly lines: readonly string[];
	/** The one line says all that the chip says. */
	readonly whole?: true;
}

/** Good news and bad look alike here: what weighs is for a person to say. */
const EVENTS: Readonly<Record<PersonEvent, Pick<Chip, 'tone' | 'shape'>>> = {
	died: { tone: 'warn', shape: 'triangle' },
	added: { tone: 'info', shape: 'dot' },
	revived: { tone: 'info', shape: 'swap' },
	corrected: { tone: 'plain', shape: 'swap' },
};

function decileWord(decile: number | null | undefined): string {
	return decile === null || decile === undefined ? t.noDecile : number(decile);
}

function decileOf({ decile }: FamilyChanges): Change[] {
	if (!decile) return [];
	const words = t.decile(decileWord(decile.from), decileWord(decile.to));
	return [{ chip: { word: words, tone: 'warn', shape: 'triangle' }, lines: [words] }];
}

function pinOf({ ground }: FamilyChanges): Change[] {
	const pin = ground?.pin;
	if (!pin || pin.moved_m <= pin.accuracy_m) return [];
	const far = metres(pin.moved_m);
	return [{ chip: { word: t.pin(far), tone: 'warn', shape: 'triangle' }, lines: [t.pinLine(far, metres(pin.accuracy_m))] }];
}

function answersOf({ ground }: FamilyChanges): Change[] {
	const answers = ground?.answers ?? [];
	if (answers.length === 0) return [];
	const weighs = answers.some((one) => one.counts !== one.counted);
	const lines = answers.map((one) => {
		const line = t.answer(one.text, one.from ?? t.notAsked, one.to ?? t.notAsked);
		if (one.counts === one.counted) return line;
		return `${line} ${one.counts ? t.nowCounts : t.noLongerCounts}`;
	});
	return [{ chip: { word: t.answers(answers.length), tone: weighs ? 'warn' : 'info', shape: weighs ? 'triangle' : 'swap' }, lines }];
}

function isEvent(word: string): word is PersonEvent {
	return Object.hasOwn(EVENTS, word);
}

function personsOf({ persons }: FamilyChanges): Change[] {
	const known = (persons ?? []).flatMap(({ name, event }) => (isEvent(event) ? [{ name, event }] : []));
	return [...Map.groupBy(known, ({ event }) => event)].map(([event, those]) => ({
		chip: { word: t.persons[event](those.length), ...EVENTS[event] },
		lines: those.map(({ name }) => t.person[event](name)),
	}));
}

/** A program for persons is there once for each of them: what happened to all of them alike is one chip. */
function programsOf({ programs }: FamilyChanges): Change[] {
	return [...Map.groupBy(programs ?? [], ({ program, from, to }) => `${program} ${from ?? ''} ${to}`).values()].flatMap((same) => {
		const [first] = same;
		if (first === undefined) return [];
		const { from, to } = first;
		const { word, tone, shape } = membershipChip(to);
		const name = programName(first.program);
		const all = same.length > 1 ? `${name} ×${number(same.length)}` : name;
		const lines = same.map(({ person }) => t.programLine(person ? `${name} ${person}` : name, from ? membershipChip(from).word : t.notThere, word));
		return {
			chip: { word: from ? t.program(all, word) : t.newProgram(all), tone: from ? tone : ('info' as const), shape: from ? shape : ('dot' as const) },
			lines,
			...(same.length === 1 ? { whole: true as const } : {}),
		};
	});
}

function wordOf(field: string): string {
	const words: Readonly<Record<string, string>> = t.fieldWords;
	return (Object.hasOwn(words, field) ? words[field] : undefined) ?? field;
}

function fieldsOf({ fields }: FamilyChanges): Change[] {
	if (!fields || fields.length === 0) return [];
	const words = t.fields(fields.map(wordOf).join(', '));
	return [{ chip: { word: words, tone: 'info', shape: 'swap' }, lines: [words] }];
}

function photosOf({ ground }: FamilyChanges): Change[] {
	if (!ground || ground.photos_new > 0) return [];
	return [{ chip: { word: t.noNewPhoto, tone: 'warn', shape: 'bar' }, lines: [t.noNewPhotoLine] }];
}

/** The heaviest first: what changed on the ground, then on paper. */
export function changesOf(changes: FamilyChanges): Change[] {
	return [photosOf, pinOf, answersOf, decileOf, personsOf, programsOf, fieldsOf].flatMap((of) => of(changes));
}

/** What the list stands on: which two moments are compared, or why there is nothing to compare. */
export function basisOf({ visited_at, before_at, since }: FamilyChanges): string {
	if (visited_at && before_at) return t.twoVisits(date(before_at), date(visited_at));
	if (before_at) return t.notVisited(date(before_at));
	return visited_at ? t.firstVisit(date(since)) : t.neverVisited(date(since));
}

/** Said in a row where there is no chip. */
export function nothingOf({ before_at, visited_at, since }: FamilyChanges): string {
	if (before_at) return t.nothing(date(before_at));
	return visited_at ? t.nothingFirst(date(since)) : t.nothingOnPaper(date(since));
}

/** The same under what the list stands on, which is not said again. */
export function sameOf({ before_at }: FamilyChanges): string {
	return before_at ? t.same : t.sameFirst;
}

/** Facts beside the changes: a pin that moved no more than the measurement may be off, how many photos are new. */
export function notesOf({ ground }: FamilyChanges): string[] {
	if (!ground) return [];
	const { pin, photos_new } = ground;
	const stays = pin && pin.moved_m <= pin.accuracy_m ? [t.pinStays(metres(pin.moved_m), metres(pin.accuracy_m))] : [];
	return [...stays, ...(photos_new > 0 ? [t.photos(photos_new)] : [])];
}
