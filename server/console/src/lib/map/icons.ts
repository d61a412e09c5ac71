/** The pictures of clusters and houses, drawn here: no sprite and no glyph is fetched. */
import { SHAPES } from '../ui/shapes.ts';
import { readIcon } from './features.ts';
import { markOf } from './states.ts';

/** The colour a token has now, in this theme. */
export type Colours = (token: string) => string;

export interface Picture {
	readonly width: number;
	readonly height: number;
	readonly data: Uint8ClampedArray;
}

/** Asks the browser: a custom property does not say which half of `light-dark()` holds. */
export function coloursOf(element: HTMLElement): Colours {
	const known = new Map<string, string>();
	return (token) => {
		const before = known.get(token);
		if (before !== undefined) return before;
		const probe = document.createElement('span');
		probe.hidden = true;
		probe.style.color = `var(${token})`;
		element.append(probe);
		const colour = getComputedStyle(probe).color;
		probe.remove();
		known.set(token, colour);
		return colour;
	};
}

/** As large as a number of this many letters needs. */
function radiusOf(label: string): number {
	return 15 + 2.5 * Math.max(0, label.length - 1);
}

/** A picture by its name; null when the name is none of ours or nothing can be drawn. */
export function draw(name: string, ratio: number, colour: Colours, font: string): Picture | null {
	const icon = readIcon(name);
	if (icon === null) return null;
	const half = icon.kind === 'cluster' ? radiusOf(icon.label) + 2 : 12;
	const side = Math.ceil(2 * half * ratio);
	const canvas = document.createElement('canvas');
	canvas.width = side;
	canvas.height = side;
	const pen = canvas.getContext('2d');
	if (pen === null) return null;
	pen.scale(ratio, ratio);
	pen.translate(half, half);
	if (icon.kind === 'cluster') {
		const radius = half - 2;
		const part = (2 * Math.PI) / Math.max(1, icon.parts.length);
		pen.fillStyle = colour('--surface');
		pen.beginPath();
		pen.arc(0, 0, radius + 1.5, 0, 2 * Math.PI);
		pen.fill();
		for (const [n, state] of icon.parts.entries()) {
			pen.strokeStyle = colour(markOf(state).colour);
			pen.lineWidth = 5;
			pen.beginPath();
			pen.arc(0, 0, radius - 2.5, n * part - Math.PI / 2, (n + 1) * part - Math.PI / 2 + 0.02);
			pen.stroke();
		}
		pen.fillStyle = colour('--text');
		pen.font = `600 12px ${font}`;
		pen.textAlign = 'center';
		pen.textBaseline = 'middle';
		pen.fillText(icon.label, 0, 0.5);
	} else {
		const mark = markOf(icon.state);
		const hue = colour(mark.colour);
		const ground = colour('--surface');
		pen.beginPath();
		pen.arc(0, 0, 10, 0, 2 * Math.PI);
		pen.fillStyle = icon.pinned ? hue : ground;
		pen.fill();
		pen.lineWidth = 2;
		pen.strokeStyle = icon.pinned ? ground : hue;
		pen.stroke();
		pen.translate(-6, -6);
		pen.lineWidth = 1.75;
		pen.lineCap = 'round';
		pen.lineJoin = 'round';
		pen.strokeStyle = icon.pinned ? ground : hue;
		const shape = new Path2D(SHAPES[mark.shape]);
		pen.stroke(shape);
		if (mark.shape === 'dot') {
			pen.fillStyle = pen.strokeStyle;
			pen.fill(shape);
		}
	}
	return { width: side, height: side, data: pen.getImageData(0, 0, side, side).data };
}
