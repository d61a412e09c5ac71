/** The number of whom the counter did not find, on its way to the letter that says so: in memory, and in no address. */
let number = '';

export function hand(asked: string) {
	number = asked;
}

/** Once: nothing of whoever stood here is left for the next. */
export function take(): string {
	const handed = number;
	number = '';
	return handed;
}
