/** The event of an act: the same for as long as the same is sent, another once the person changed it or it succeeded. */
import { newEvent } from '#lib/api.ts';

export class Repeat {
	#body = '';
	#event = '';

	/** The event to send with this body. */
	of(body: object): string {
		const key = JSON.stringify(body);
		if (key !== this.#body) {
			this.#body = key;
			this.#event = newEvent();
		}
		return this.#event;
	}

	/** After it succeeded: doing the same again is another act. */
	done(): void {
		this.#body = '';
	}
}
