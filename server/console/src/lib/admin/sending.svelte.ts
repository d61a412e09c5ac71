/** One file on its way into the registry. The import has the event's id, so it can be asked for while it is sent. */
import { api, newEvent, OfflineError, ProblemError, serverNow, told, type Schemas } from '../api.ts';
import type { ImportKind } from './import-kinds.ts';

type Report = Schemas['ImportReport'];

const ASK_MS = 2_000;

export class Sending {
	/** `sending`: its bytes may still be on the way. `reading`: the server has it and goes on by itself. */
	stage = $state<'idle' | 'sending' | 'reading'>('idle');
	/** Whether the server was seen to have the whole file. */
	arrived = $state(false);
	error = $state.raw<unknown>(null);
	event = newEvent();
	since = $state(0);

	/** Another file or kind is another act. */
	renew(event: string = newEvent()): void {
		this.event = event;
		this.arrived = false;
		this.error = null;
	}

	/** Sends it, to be tried first unless told otherwise, and waits; null when that failed and `error` says why. */
	async send(
		kind: ImportKind,
		file: File,
		{ rehearse = true, sheet }: { rehearse?: boolean; sheet?: number | undefined } = {},
	): Promise<Report | null> {
		this.error = null;
		this.stage = 'sending';
		this.since = serverNow();
		const { event } = this;
		const timer = setInterval(() => void this.#ask(event), ASK_MS);
		try {
			return await told(
				api.POST('/v1/imports/{import}', {
					params: { path: { import: kind }, query: { event_id: event, ...(rehearse ? { rehearse } : {}), ...(sheet === undefined ? {} : { sheet }) } },
					headers: { 'Content-Type': 'text/csv' },
					// The file goes as it is: read as text, its wrong letters would be lost before the server could tell of them.
					body: '',
					bodySerializer: () => file,
				}),
			);
		} catch (error) {
			this.error = error;
			// Only an answer that never came leaves open whether it was done.
			if (error instanceof ProblemError && error.status < 500) this.#again();
			return null;
		} finally {
			clearInterval(timer);
			this.stage = 'idle';
		}
	}

	#again(): void {
		this.event = newEvent();
		this.arrived = false;
	}

	/** Whether the answer got lost while the server may have gone on. */
	get lost(): boolean {
		return this.error instanceof OfflineError;
	}

	async #ask(event: string): Promise<void> {
		if (this.stage !== 'sending') return;
		const call = api.GET('/v1/imports/{import}', { params: { path: { import: event } } });
		const { data } = await call.catch(() => ({ data: undefined }));
		// Not there yet: the last byte has not come, or the file is being looked at.
		if (data === undefined || this.stage !== 'sending') return;
		this.arrived = true;
		this.stage = 'reading';
	}
}
