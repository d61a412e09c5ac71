/** The names of a deliberation as its form holds them. Pure. */
import type { Schemas } from '#lib/api.ts';

export interface Name {
	readonly proposal: string;
	readonly name: string;
	readonly about: string;
	onList: boolean;
	/** '', `agreed` or `refused`. */
	said: string;
	reason: string;
}

/** As the server takes them: only those on the list, a reason only with a refusal. */
export function resultsOf(names: readonly Name[]): Schemas['NameResult'][] {
	return names
		.filter(({ onList }) => onList)
		.map(({ proposal, said, reason }) => {
			if (said === 'refused') return { proposal, said, ...(reason === '' ? {} : { reason }) };
			return said === 'agreed' ? { proposal, said } : { proposal };
		});
}

/** How many of those on the list were agreed to and refused. */
export function tally(names: readonly Pick<Schemas['ListedName'], 'said'>[]): { agreed: number; refused: number } {
	return {
		agreed: names.filter(({ said }) => said === 'agreed').length,
		refused: names.filter(({ said }) => said === 'refused').length,
	};
}
