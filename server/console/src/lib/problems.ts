/** Errors in words: what a screen shows of whatever was thrown. */
import { getContext, setContext } from 'svelte';

import { OfflineError, ProblemError } from './api.ts';
import { common } from './texts/common.ts';

export interface Said {
	kind: 'failed' | 'offline';
	title: string;
	text: string;
}

/** Title and sentence for anything thrown by `told`. */
export function say(error: unknown): Said {
	if (error instanceof OfflineError) {
		return { kind: 'offline', title: common.offlineTitle, text: common.offlineText };
	}
	if (error instanceof ProblemError) {
		const { title, detail, request_id } = error.problem;
		const wait = error.retryAfterS === undefined ? detail : common.waitText(error.retryAfterS);
		const text = error.status >= 500 && request_id !== '' ? `${wait} ${common.requestId(request_id)}` : wait;
		return { kind: 'failed', title, text };
	}
	return { kind: 'failed', title: common.failedTitle, text: common.failedText };
}

/** The remedies of the wrong fields by field path, for `Field error={…}`. */
export function remedies(error: unknown): Readonly<Record<string, string>> {
	if (!(error instanceof ProblemError)) return {};
	return Object.fromEntries((error.problem.fields ?? []).map(({ field, remedy }) => [field, remedy]));
}

/** The element id of the control for a field path: `ErrorSummary` links to it. */
export function fieldId(name: string): string {
	return `f-${name}`;
}

const PLACE = Symbol('fields');

/** Everything within this component has field ids of its own: the page below a dialog may have a field of the same name. */
export function fieldsWithin(place: string): void {
	setContext(PLACE, place);
}

/** `fieldId` as it is here. To be asked for while a component is made. */
export function fieldIds(): (name: string) => string {
	const place = getContext<string | undefined>(PLACE);
	return place === undefined ? fieldId : (name) => `${place}-${fieldId(name)}`;
}
