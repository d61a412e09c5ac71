/** A case as the review screen orders it: what is judged, what stands beside it, what weighs most. Pure. */
import type { Schemas } from '#lib/api.ts';
import { severity, type Severity } from '#lib/labels.ts';

export type CaseView = Schemas['CaseView'];
export type VisitView = Schemas['VisitView'];
export type PhotoView = Schemas['PhotoView'];

/** A photo with where it comes from. */
export interface Shot {
	readonly photo: PhotoView;
	/** Of the visit that is judged, or of one before it. */
	readonly era: 'now' | 'earlier';
	/** What is shown beside it. */
	readonly beside: Beside | null;
}

export type Beside = Pick<Shot, 'photo' | 'era'>;

/** The visit that waits for a judgement; of a case without one the newest. */
export function judged(view: CaseView): VisitView | undefined {
	return view.visits.find(({ id }) => id === view.current_visit) ?? view.visits[0];
}

/** Photos of the house from before, the newest visit's first. */
function earlierPhotos(view: CaseView, now: VisitView | undefined): PhotoView[] {
	const own = view.visits.filter(({ id }) => id !== now?.id).flatMap(({ photos }) => photos);
	const known = new Set(now?.photos.map(({ id }) => id));
	// A retake keeps the photos that stood: the same photo twice tells nothing.
	return [...own, ...(view.earlier_photos ?? [])].filter(({ id }) => !known.has(id));
}

/** The house's front first: it is what is judged. Others stay in the order in which they were taken. */
function frontFirst(photos: readonly PhotoView[]): PhotoView[] {
	return photos.toSorted((a, b) => Number(b.kind === 'house_front') - Number(a.kind === 'house_front'));
}

/** All photos in the order of their numbers: those of this visit, each beside its like from before, then what is left. */
export function shotsOf(view: CaseView): Shot[] {
	const visit = judged(view);
	const now = frontFirst(visit?.photos ?? []);
	const left = earlierPhotos(view, visit);
	const shots: Shot[] = now.map((photo, at) => {
		const like = left.findIndex(({ kind }) => kind === photo.kind);
		const [earlier] = like < 0 ? [] : left.splice(like, 1);
		const next = now[at === 0 ? 1 : 0];
		const beside: Beside | null =
			earlier !== undefined ? { photo: earlier, era: 'earlier' } : next !== undefined ? { photo: next, era: 'now' } : null;
		return { photo, era: 'now', beside };
	});
	const front = shots[0];
	return [
		...shots,
		...frontFirst(left).map((photo): Shot => ({
			photo,
			era: 'earlier',
			beside: front === undefined ? null : { photo: front.photo, era: 'now' },
		})),
	];
}

/** The photos that must have been before the eyes before anybody accepts: the front and what stands beside it. */
export function mainPhotos(shots: readonly Shot[]): PhotoView[] {
	const first = shots[0];
	if (first === undefined) return [];
	return first.beside === null ? [first.photo] : [first.photo, first.beside.photo];
}

/** Pins of the house from other visits: an acceptance that was taken back leaves the judged visit's own among them. */
export function earlierPins(view: CaseView): CaseView['earlier_pins'] {
	const visit = judged(view);
	const own = visit?.pin;
	return view.earlier_pins.filter(
		({ lat_e7, lon_e7, taken_at }) =>
			!(lat_e7 === own?.lat_e7 && lon_e7 === own.lon_e7 && Date.parse(taken_at) === Date.parse(visit?.captured_at ?? '')),
	);
}

/** A case that waits for a reviewer's word. */
export function isReviewable(view: CaseView): boolean {
	return view.state === 'submitted' || view.state === 'unreachable';
}

/** How much the flags of a visit weigh together. */
export function risk(flags: readonly { flag: string }[]): Severity {
	const found = new Set(flags.map(({ flag }) => severity(flag)));
	return found.has('berat') ? 'berat' : found.has('sedang') ? 'sedang' : 'ringan';
}

/** Answers that count as poor first: the first rows decide. */
export function byCount<Row extends { counts: boolean }>(answers: readonly Row[]): Row[] {
	return answers.toSorted((a, b) => Number(b.counts) - Number(a.counts));
}

/** The masked number of who is paid: the head's NIK, else the family card's. */
export function numberOf(family: Schemas['FamilyView']): string {
	const head = family.persons.find(({ relation }) => relation === 'kepala_keluarga') ?? family.persons[0];
	return head?.nik_masked ?? family.kk_masked;
}
