/** The ids of fields. What stands in a dialog has ids of its own: the page below may have a field of the same name. */
import { getContext, setContext } from 'svelte';

import { fieldId } from '#lib/problems.ts';

const KEY = Symbol('fields');

/** Everything within this component has ids that begin so. */
export function fieldsWithin(place: string): void {
	setContext(KEY, place);
}

/** The element id of a field path, here. To be asked for while a component is made. */
export function fieldIds(): (name: string) => string {
	const place = getContext<string | undefined>(KEY);
	return place === undefined ? fieldId : (name) => `${place}-${fieldId(name)}`;
}
