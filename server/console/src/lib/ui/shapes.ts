/** The shapes of states. Drawn in a box of 12; strokes only, so that a shape reads in one colour. */
import type { Shape } from '../labels.ts';

export const SHAPES: Readonly<Record<Shape, string>> = {
	ring: 'M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9',
	dot: 'M6 3.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0 -5z',
	half: 'M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9zM6 1.5v9M7.5 2.5v7M9 4v4',
	clock: 'M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9zM6 3.5V6l2 1.5',
	check: 'M1.5 6.5l3 3l6 -7',
	back: 'M5 2L1.5 5.5L5 9M1.5 5.5h6a3 3 0 0 1 3 3v1.5',
	cross: 'M2 2l8 8M10 2l-8 8',
	bar: 'M2 6h8',
	triangle: 'M6 1.5L11 10.5H1zM6 5v2.5M6 8.6v.6',
	swap: 'M1.5 4h8L7 1.5M10.5 8h-8L5 10.5',
};
