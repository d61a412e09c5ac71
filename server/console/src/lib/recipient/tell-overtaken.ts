/** Says what somebody else did meanwhile, in a notice that stays until it is closed: the dialog that failed may be gone. */
import { api, serverNow, told, type Schemas } from '#lib/api.ts';
import { may, session } from '#lib/session.svelte.ts';
import { overtaken as t } from '#lib/texts/recipients.ts';
import { toasts } from '#lib/toasts.svelte.ts';

import { overtakenBy, ownPart } from './overtaken.ts';

/** Where this person sees what became of the case; null when nowhere but where they are. */
function resultOf(view: Schemas['CaseView']): { href: string; label: string } | null {
	if (may('assign_cases')) return { href: `/kasus/${view.id}`, label: t.toCase };
	const shown = view.state === 'decided' || view.state === 'awaiting_approval';
	return shown && (may('decide_cases') || may('confirm_decisions')) ? { href: `/persetujuan/${view.id}`, label: t.toResult } : null;
}

/** What became of the case, in a sentence; one that says less when it cannot be asked. */
export async function overtakenCase(id: string): Promise<{ words: string; view: Schemas['CaseView'] | null }> {
	const params = { path: { id } };
	try {
		const [view, acts] = await Promise.all([
			told(api.GET('/v1/cases/{id}', { params })),
			told(api.GET('/v1/cases/{id}/history', { params })),
		]);
		return { words: overtakenBy(view, acts.items, session.me?.user, serverNow()), view };
	} catch {
		return { words: t.unknown, view: null };
	}
}

/** What became of a case that somebody else was faster with, and of this person's own act on it: `done` is recorded. */
export async function overtakenLine(view: Schemas['CaseView'], done: readonly string[]): Promise<string> {
	const { words } = await overtakenCase(view.id);
	return `${words} ${ownPart(view.memberships, done)}`;
}

/** `before`: what this person meant to do, and that it was not done. */
export async function tellOvertaken(id: string, before: string = t.notSent): Promise<void> {
	const { words, view } = await overtakenCase(id);
	const link = view === null ? null : resultOf(view);
	toasts.say(`${words} ${before}`.trim(), { tone: 'warn', ...(link === null ? {} : { link }) });
}
