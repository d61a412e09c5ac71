/** Zoom and pan of a photo within its pane. Pure. */

export interface Size {
	readonly width: number;
	readonly height: number;
}

/** `scale` 1 fits. `x` and `y` move the photo by parts of its fitted size, so that two panes can share them. */
export interface Zoom {
	readonly scale: number;
	readonly x: number;
	readonly y: number;
}

export const FITTED: Zoom = { scale: 1, x: 0, y: 0 };
export const STEP = 1.25;
/** A pan by key or button, in parts of the fitted size at scale 1. */
export const PAN = 0.12;

/** The size of the photo as laid out before it is turned, so that it fits the pane after it was turned by quarters. */
export function fitted(pane: Size, photo: Size, quarters: number): Size {
	if (pane.width <= 0 || pane.height <= 0 || photo.width <= 0 || photo.height <= 0) return { width: 0, height: 0 };
	const lies = quarters % 2 !== 0;
	const room = lies ? { width: pane.height, height: pane.width } : pane;
	const ratio = Math.min(room.width / photo.width, room.height / photo.height);
	return { width: photo.width * ratio, height: photo.height * ratio };
}

/** The scale at which one pixel of the photo is one of the screen; never below fitting. */
export function fullScale(natural: number, fittedTo: number): number {
	return fittedTo > 0 ? Math.max(1, natural / fittedTo) : 1;
}

/** The largest scale: twice full size, and four times in any case. */
export function mostScale(full: number): number {
	return Math.max(4, full * 2);
}

/** Half of what sticks out of the pane, in parts of the fitted size: the photo's edge never leaves the pane's. */
function reach(pane: number, size: number, scale: number): number {
	return size > 0 ? Math.max(0, (size * scale - pane) / 2 / size) : 0;
}

/** The zoom within its limits. `size` is the fitted size as seen, after the turn. */
export function limited(zoom: Zoom, pane: Size, size: Size, most: number): Zoom {
	const scale = Math.min(Math.max(zoom.scale, 1), most);
	const x = reach(pane.width, size.width, scale);
	const y = reach(pane.height, size.height, scale);
	return { scale, x: Math.min(Math.max(zoom.x, -x), x), y: Math.min(Math.max(zoom.y, -y), y) };
}

/** Zooms so that the point stays where it is. `at` is from the pane's middle, in parts of the fitted size. */
export function zoomedAt(zoom: Zoom, factor: number, at: { x: number; y: number } = { x: 0, y: 0 }): Zoom {
	return {
		scale: zoom.scale * factor,
		x: at.x - (at.x - zoom.x) * factor,
		y: at.y - (at.y - zoom.y) * factor,
	};
}

export function panned(zoom: Zoom, x: number, y: number): Zoom {
	return { ...zoom, x: zoom.x + x, y: zoom.y + y };
}

export function isZoomed(zoom: Zoom): boolean {
	return zoom.scale > 1.001;
}

/** `Z`: from fitting to full size and back. A photo smaller than its pane is doubled instead. */
export function flipped(zoom: Zoom, full: number): Zoom {
	return isZoomed(zoom) ? FITTED : { scale: full > 1.05 ? full : 2, x: 0, y: 0 };
}
