/** How a photo lies in its stage: turned by quarters, zoomed from what fits, moved no farther than its edge. */

export interface Size {
	readonly width: number;
	readonly height: number;
}

export interface Look {
	/** 1 fits the stage. */
	readonly zoom: number;
	/** Quarters clockwise, 0 to 3. */
	readonly turns: number;
	/** Pixels from the middle of the stage to the middle of the photo. */
	readonly x: number;
	readonly y: number;
}

export const FITTED: Look = { zoom: 1, turns: 0, x: 0, y: 0 };

const STEPS = [1, 1.5, 2, 3, 4, 6];

/** The photo's size at zoom 1, before it is turned. */
export function fitted(photo: Size, stage: Size, turns: number): Size {
	const lying = turns % 2 === 1;
	const [width, height] = lying ? [photo.height, photo.width] : [photo.width, photo.height];
	if (width <= 0 || height <= 0) return { width: 0, height: 0 };
	const scale = Math.min(stage.width / width, stage.height / height);
	return { width: photo.width * scale, height: photo.height * scale };
}

/** The same look with the photo's edge never inside the stage. */
export function held(look: Look, photo: Size, stage: Size): Look {
	const base = fitted(photo, stage, look.turns);
	const lying = look.turns % 2 === 1;
	const width = (lying ? base.height : base.width) * look.zoom;
	const height = (lying ? base.width : base.height) * look.zoom;
	const mostX = Math.max(0, (width - stage.width) / 2);
	const mostY = Math.max(0, (height - stage.height) / 2);
	// `+ 0` keeps a negative zero out of the look.
	const within = (value: number, most: number) => Math.min(most, Math.max(-most, value)) + 0;
	return { ...look, x: within(look.x, mostX), y: within(look.y, mostY) };
}

/** One step closer or farther, about the middle of the stage. */
export function stepped(look: Look, closer: boolean): Look {
	const zoom = closer ? STEPS.find((step) => step > look.zoom) : STEPS.findLast((step) => step < look.zoom);
	return zoom === undefined ? look : zoomed(look, zoom);
}

function zoomed(look: Look, zoom: number): Look {
	const by = zoom / look.zoom;
	return { ...look, zoom, x: look.x * by, y: look.y * by };
}

/** Brings a point of the stage (pixels from its middle) to the middle; a fitted photo comes closer with it. */
export function centred(look: Look, x: number, y: number): Look {
	const moved = { ...look, x: look.x - x, y: look.y - y };
	return look.zoom > 1 ? moved : zoomed(moved, 2);
}

/** A quarter clockwise, seen as a whole again. */
export function turned(look: Look): Look {
	return { ...FITTED, turns: (look.turns + 1) % 4 };
}
