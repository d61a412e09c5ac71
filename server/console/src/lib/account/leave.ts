/** Signing out by a button: what keeps it from happening is said. */
import { say } from '#lib/problems.ts';
import { toasts } from '#lib/toasts.svelte.ts';

export async function leave(how: () => Promise<void>): Promise<void> {
	try {
		await how();
	} catch (error) {
		const { title, text } = say(error);
		toasts.say(`${title}. ${text}`, { tone: 'bad' });
	}
}
