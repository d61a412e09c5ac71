/** Officers on duty, from whichever list the person may read. */
import { api, serverNow, told, type Schemas } from '../api.ts';
import { byName } from '../format.ts';
import { may } from '../session.svelte.ts';
import { grantState } from './grants.ts';
import { people } from './people.svelte.ts';

export interface Officer {
	readonly id: string;
	readonly name: string;
	readonly username: string;
	readonly regions: readonly string[];
}

/** Rejects with what `told` throws. */
export async function officersOnDuty(signal: AbortSignal): Promise<Officer[]> {
	const found = may('assign_cases') ? await assigned(signal) : await granted();
	return found.toSorted((a, b) => byName(a.name, b.name));
}

async function assigned(signal: AbortSignal): Promise<Officer[]> {
	const page: Schemas['Page_OfficerView'] = await told(api.GET('/v1/officers', { signal }));
	return page.items.map(({ user, name, username = '', regions }) => ({ id: user, name, username, regions }));
}

async function granted(): Promise<Officer[]> {
	await people.load(true);
	if (people.error !== null) throw people.error;
	const now = serverNow();
	return people.holding('officer').map(({ id, name, username, grants }) => {
		const held = grants.filter((grant) => grant.role === 'officer' && grantState(grant, now) === 'active');
		return { id, name, username, regions: [...new Set(held.flatMap((grant) => grant.regions))] };
	});
}
