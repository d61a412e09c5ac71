/** Tables of text: reading what spreadsheets save, writing what they open without running anything. */

export interface CsvRow {
	/** Counted from 1, the header included, as a spreadsheet shows it. */
	readonly line: number;
	readonly cells: readonly string[];
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** What separates the cells: whichever of the usual ones the header holds most of, outside quotes. */
function delimiterOf(header: string): string {
	const counts = new Map<string, number>(DELIMITERS.map((mark) => [mark, 0]));
	let quoted = false;
	for (const letter of header) {
		if (letter === '"') quoted = !quoted;
		else if (!quoted && counts.has(letter)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
	}
	return DELIMITERS.reduce((best, mark) => ((counts.get(mark) ?? 0) > (counts.get(best) ?? 0) ? mark : best));
}

function firstLine(text: string): string {
	return text.split(/\r\n|\n|\r/).find((line) => line.trim() !== '') ?? '';
}

/** The rows that hold anything. A line break within quotes belongs to its cell and begins no row. */
export function parseCsv(source: string): CsvRow[] {
	let text = source.replace(/^\uFEFF/, '');
	let line = 1;
	const mark = /^sep=(.)\r?\n/i.exec(text);
	if (mark !== null) {
		text = text.slice(mark[0].length);
		line = 2;
	}
	const delimiter = mark?.[1] ?? delimiterOf(firstLine(text));
	const rows: CsvRow[] = [];
	let cells: string[] = [];
	let cell = '';
	let quoted = false;

	function endCell() {
		cells.push(cell.trim());
		cell = '';
	}

	function endRow() {
		endCell();
		if (cells.some((each) => each !== '')) rows.push({ line, cells });
		cells = [];
		line += 1;
	}

	for (let at = 0; at < text.length; at += 1) {
		const letter = text.charAt(at);
		if (quoted) {
			if (letter !== '"') cell += letter;
			else if (text.charAt(at + 1) === '"') {
				cell += '"';
				at += 1;
			} else quoted = false;
		} else if (letter === '"' && cell.trim() === '') {
			quoted = true;
			cell = '';
		} else if (letter === delimiter) endCell();
		else if (letter === '\n' || letter === '\r') {
			if (letter === '\r' && text.charAt(at + 1) === '\n') at += 1;
			endRow();
		} else cell += letter;
	}
	if (cell !== '' || cells.length > 0) endRow();
	return rows;
}

/** A heading as it is compared: letters and digits only, in lower case. */
export function plainHeader(header: string): string {
	return header.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

function escapeCell(value: string | number): string {
	// A spreadsheet would run what begins like a formula; the mark makes it text.
	const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
	return /[";,\n\r\t|]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** With a semicolon, which spreadsheets in Indonesian take for the separator, and the mark that says UTF-8. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
	return `\uFEFF${rows.map((row) => `${row.map(escapeCell).join(';')}\r\n`).join('')}`;
}
