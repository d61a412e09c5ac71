/** Which answer to an appeal a family is told at the counter. No Svelte here: the tests read it as it is. */
import type { Schemas } from '#lib/api.ts';

type Held = Pick<Schemas['FamilyMembership'], 'membership' | 'decision'>;
type Answered = Pick<Schemas['AppealRow'], 'id' | 'membership' | 'state' | 'filed_at'>;

/** The newest appeal against this end of the place that was dismissed; one against an end of before says nothing of this one. */
export function dismissed<T extends Answered>({ membership, decision }: Held, answered: readonly T[]): T | undefined {
	if (membership.state !== 'inactive' && membership.state !== 'replaced') return undefined;
	const ended = decision?.confirmed_at;
	return answered.find(
		(one) => one.membership === membership.id && one.state === 'dismissed' && (!ended || new Date(one.filed_at) >= new Date(ended)),
	);
}
