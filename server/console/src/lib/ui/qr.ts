/** Square codes. Drawn in the browser from what is on the screen anyway, so that no address or log ever holds a secret. */
import encode from 'qr';

/** Light modules around a code, without which readers do not find it. */
export const QUIET = 4;

export interface Drawing {
	/** Modules along a side, the quiet zone included. */
	readonly side: number;
	/** The dark modules as one SVG path, a module being one unit. */
	readonly path: string;
}

/** The code that reads as `text`; it survives that 15 % of it is creased or stained. */
export function drawing(text: string): Drawing {
	const rows = encode(text, 'raw', { ecc: 'medium', border: QUIET });
	let path = '';
	for (const [y, row] of rows.entries()) {
		for (let x = 0; x < row.length; x += 1) {
			if (row[x] !== true) continue;
			const from = x;
			while (row[x + 1] === true) x += 1;
			path += `M${from} ${y}h${x + 1 - from}v1H${from}z`;
		}
	}
	return { side: rows.length, path };
}

/** What the code of an enrolment slip says: where the server is and the code. The phone reads the same three lines. */
export function enrolmentText(server: string, code: string): string {
	return `tilik enrol v1\n${server}\n${code}`;
}
