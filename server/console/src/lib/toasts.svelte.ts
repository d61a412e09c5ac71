/** Short news in a status region: said without taking the focus. */

export interface ToastAction {
	readonly label: string;
	readonly run: () => void;
	/** How long it is offered, with a countdown. */
	readonly seconds: number;
	readonly shortcut?: string;
}

export interface Toast {
	readonly id: number;
	readonly text: string;
	readonly tone: 'plain' | 'ok' | 'warn' | 'bad';
	/** Where there is more to see; following it closes the toast. */
	readonly link: { readonly href: string; readonly label: string } | null;
	readonly action: ToastAction | null;
	/** Milliseconds left; null stays until closed. */
	left: number | null;
}

interface Options {
	tone?: Toast['tone'];
	action?: ToastAction;
	link?: Toast['link'];
}

const PLAIN_MS = 6_000;
const TICK_MS = 250;

class Toasts {
	list = $state<Toast[]>([]);
	/** Held while the pointer or the focus is on one. */
	paused = $state(false);
	#next = 1;
	#timer: ReturnType<typeof setInterval> | undefined;

	/** Shows it and returns its number, for `close`. A failure or a warning stays until it is closed. */
	say(text: string, { tone = 'plain', action, link = null }: Options = {}): number {
		const id = this.#next++;
		const left = action === undefined ? (tone === 'bad' || tone === 'warn' ? null : PLAIN_MS) : action.seconds * 1_000;
		this.list = [...this.list.slice(-2), { id, text, tone, action: action ?? null, link, left }];
		this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
		return id;
	}

	close(id: number): void {
		this.list = this.list.filter((toast) => toast.id !== id);
		if (this.list.length === 0) {
			clearInterval(this.#timer);
			this.#timer = undefined;
			this.paused = false;
		}
	}

	act(toast: Toast): void {
		this.close(toast.id);
		toast.action?.run();
	}

	#tick(): void {
		if (this.paused) return;
		for (const toast of this.list) {
			if (toast.left === null) continue;
			toast.left -= TICK_MS;
			if (toast.left <= 0) this.close(toast.id);
		}
	}
}

export const toasts = new Toasts();
