/** Says to the access log which photos were before a person's eyes: the server only knows which it handed out. */
import { api, told } from '#lib/api.ts';

/** A list shows its thumbnails within this time; one request tells of them together. */
const TOGETHER_MS = 500;
const MOST = 200;

const waiting = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

function send(): void {
	timer = undefined;
	const photos = [...waiting].slice(0, MOST);
	for (const id of photos) waiting.delete(id);
	if (waiting.size > 0) timer = setTimeout(send, TOGETHER_MS);
	// It changes nothing for the person; that it was served is logged in any case.
	told(api.POST('/v1/photos/seen', { body: { photos } })).catch(() => undefined);
}

/** Called when the picture is drawn. */
export function photoSeen(id: string): void {
	waiting.add(id);
	timer ??= setTimeout(send, TOGETHER_MS);
}
