/** Whose phones do no real work here, as far as a person's list of officers tells. Pure. */
import { scopeOf } from '../training.ts';

/** `training`: the officer only trains. `none`: has no work in these regions, which may be training elsewhere. */
export type Duty = 'here' | 'training' | 'none';

export function dutyOf(officers: readonly { readonly id: string; readonly regions: readonly string[] }[], officer: string): Duty {
	const found = officers.find(({ id }) => id === officer);
	if (found === undefined) return 'none';
	return scopeOf(found.regions) === 'training' ? 'training' : 'here';
}
