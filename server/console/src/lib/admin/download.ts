/** Gives the person a file made in the browser. */
import { toCsv } from './csv.ts';

export function downloadCsv(name: string, rows: readonly (readonly (string | number)[])[]): void {
	const url = URL.createObjectURL(new Blob([toCsv(rows)], { type: 'text/csv;charset=utf-8' }));
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	// The browser has taken the address by then; what is not revoked stays in memory.
	setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
