/** Tells the server which photos were really before somebody's eyes: loading ahead only served them. */
import { api, told } from '#lib/api.ts';

const FLUSH_MS = 3_000;
/** A photo that flies past was not looked at. */
const LOOK_MS = 300;

export class Seen {
	readonly #told = new Set<string>();
	readonly #waiting = new Set<string>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** The photo is on the screen. Returns what says that it left. */
	look(photo: string): () => void {
		if (this.#told.has(photo)) return () => {};
		const timer = setTimeout(() => {
			if (document.hidden) return;
			this.#told.add(photo);
			this.#waiting.add(photo);
			this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
		}, LOOK_MS);
		return () => clearTimeout(timer);
	}

	/** Also when the page goes: the request outlives it. */
	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		const photos = [...this.#waiting];
		if (photos.length === 0) return;
		this.#waiting.clear();
		told(api.POST('/v1/photos/seen', { body: { photos }, keepalive: true })).catch(() => {
			// Said again with the next ones.
			for (const photo of photos) this.#waiting.add(photo);
		});
	}
}
