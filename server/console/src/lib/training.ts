/** What was invented for training, and whether this tab is about it. */

/** Asks the server for the training part of lists, queues and counts. */
export const TRAINING_HEADER = 'tilik-training';

const KEPT = 'tilik-training';

/** Whether a region is no real place: its province is none. */
export function isTraining(code: string): boolean {
	return code === '00' || code.startsWith('00.');
}

/** The training area's only program, as the server calls it. */
const TRAINING_PROGRAM = 'LATIHAN';

/** The programs that families can be in where this tab looks: the invented one is nobody's elsewhere. */
export function programsIn<Program extends { readonly code: string }>(training: boolean, programs: readonly Program[]): Program[] {
	return programs.filter(({ code }) => (code === TRAINING_PROGRAM) === training);
}

export type Scope = 'real' | 'training' | 'both';

/** What these regions are: real places, training, or some of each. */
export function scopeOf(codes: readonly string[]): Scope {
	if (codes.length === 0 || !codes.some(isTraining)) return 'real';
	return codes.every(isTraining) ? 'training' : 'both';
}

/** Whether this tab was switched to training. Other tabs are not. */
export function asksForTraining(): boolean {
	try {
		return sessionStorage.getItem(KEPT) !== null;
	} catch {
		return false;
	}
}

/** Switches this tab; everything on the screen is to be asked for again. */
export function askForTraining(asks: boolean): void {
	try {
		if (asks) sessionStorage.setItem(KEPT, '1');
		else sessionStorage.removeItem(KEPT);
	} catch {
		// A browser that keeps nothing stays with what is real.
	}
}
