/** Officers on duty, from whichever list the person may read. */
import { api, told, type Schemas } from '../api.ts';
import { byName } from '../format.ts';
import { may } from '../session.svelte.ts';
import { people } from './people.svelte.ts';

export interface Officer {
	readonly id: string;
	readonly name: string;
}

/** Rejects with what `told` throws. */
export async function officersOnDuty(signal: AbortSignal): Promise<Officer[]> {
	const found = may('assign_cases') ? await assigned(signal) : await granted();
	return found.toSorted((a, b) => byName(a.name, b.name));
}

async function assigned(signal: AbortSignal): Promise<Officer[]> {
	const page: Schemas['Page_OfficerView'] = await told(api.GET('/v1/officers', { signal }));
	return page.items.map(({ user, name }) => ({ id: user, name }));
}

async function granted(): Promise<Officer[]> {
	await people.load(true);
	if (people.error !== null) throw people.error;
	return people.holding('officer');
}
