/** First passwords: four words and four digits, read from paper and typed once. About 44 bits of chance. */
import { WORDS } from './words.ts';

/** No 0 and 1, which look like letters. */
const DIGITS = '23456789';
const HOW_MANY = 4;

/** `padi-kayu-lilin-sore-4827`, from `crypto`; `random` is another source for tests. */
export function firstPassword(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
	// 256 words and 8 digits divide a byte evenly: every one is as likely as any other.
	const bytes = random(new Uint8Array(2 * HOW_MANY));
	const words = Array.from(bytes.subarray(0, HOW_MANY), (byte) => WORDS[byte % WORDS.length]);
	const digits = Array.from(bytes.subarray(HOW_MANY), (byte) => DIGITS.charAt(byte % DIGITS.length));
	return `${words.join('-')}-${digits.join('')}`;
}
