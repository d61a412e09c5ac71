/** An act that asks for a code first: one question for however many acts wait for it. */
class StepUp {
	asking = $state(false);
	#waiting: Promise<boolean> | null = null;
	#answer: ((shown: boolean) => void) | null = null;

	/** Whether a code was shown; false: the person would rather not. */
	ask(): Promise<boolean> {
		this.#waiting ??= new Promise((answer) => {
			this.#answer = answer;
			this.asking = true;
		});
		return this.#waiting;
	}

	answer(shown: boolean): void {
		this.asking = false;
		this.#answer?.(shown);
		this.#answer = null;
		this.#waiting = null;
	}
}

export const stepUp = new StepUp();
