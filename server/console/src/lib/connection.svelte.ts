/** Whether the server can be reached, as the last request found it. */
import { api, onReached } from './api.ts';

const POLL_MS = 5_000;

class Connection {
	online = $state(navigator.onLine);
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor() {
		onReached((reached) => this.#set(reached));
		window.addEventListener('offline', () => this.#set(false));
		window.addEventListener('online', () => void this.#ask());
	}

	#set(online: boolean): void {
		this.online = online;
		clearTimeout(this.#timer);
		if (!online) this.#timer = setTimeout(() => void this.#ask(), POLL_MS);
	}

	/** Any answer does, also a refusal; `onReached` hears it. */
	async #ask(): Promise<void> {
		try {
			await api.GET('/v1/me');
		} catch {
			// Not reached: heard as well.
		}
	}
}

export const connection = new Connection();
