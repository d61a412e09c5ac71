/** A copy of a letter as a file, counted by the server: to be opened and printed. */
import { api, told } from '#lib/api.ts';

import { fileName } from './print-name.ts';

export async function downloadLetter(id: string, number: string, event: string): Promise<void> {
	const body = { event_id: event };
	const bytes: unknown = await told(api.POST('/v1/letters/{id}/print', { params: { path: { id } }, body, parseAs: 'blob' }));
	if (!(bytes instanceof Blob)) return;
	const link = document.createElement('a');
	link.href = URL.createObjectURL(bytes);
	link.download = fileName(number);
	link.click();
	// The browser has taken the address by then; what is not revoked stays in memory.
	setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
