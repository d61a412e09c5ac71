/** What the review screen calls things. */
import type { Schemas } from '#lib/api.ts';
import { photoKind } from '#lib/labels.ts';
import { review as t } from '#lib/texts/review.ts';

import type { CaseView } from './evidence.ts';
import type { Target } from './marks.ts';

function known(words: Readonly<Record<string, string>>, key: string): string | undefined {
	return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** A question's short name; its own words when this build does not know it. */
export function questionName(answer: Pick<Schemas['AnswerView'], 'question' | 'text'>): string {
	return known(t.questions, answer.question) ?? answer.text;
}

export function missingWord(word: string): string {
	return known(t.missingWords, word) ?? word;
}

export function actWord(action: string): string {
	return known(t.acts, action) ?? action;
}

/** What a mark is about. */
export function targetName(view: CaseView, target: Target): string {
	switch (target.kind) {
		case 'photo': {
			const photo = view.visits.flatMap(({ photos }) => photos).find(({ id }) => id === target.photo);
			return photoKind(photo?.kind ?? '');
		}
		case 'answer': {
			const answer = view.visits.flatMap(({ answers }) => answers).find(({ question }) => question === target.question);
			return answer === undefined ? target.question : questionName(answer);
		}
		case 'pin':
			return t.pin;
		case 'visit':
			return t.wholeVisit;
	}
}
