/** Who follows in the places that were lost: a case's own view only knows the membership. */
import { api, told, type Schemas } from '#lib/api.ts';

export type Neighbour = Schemas['Neighbour'];

const AT_ONCE = 4;

/** By the membership that ended. `done`: told after each family. */
export async function replacementsOf(
	views: readonly Schemas['CaseView'][],
	signal: AbortSignal,
	done: (families: number) => void = () => undefined,
): Promise<Map<string, Neighbour>> {
	const found = new Map<string, Neighbour>();
	const families = [...new Set(views.filter((view) => view.memberships.some((one) => one.successor)).map((view) => view.family.id))];
	let asked = 0;
	const worker = async () => {
		for (let id = families[asked++]; id !== undefined; id = families[asked++]) {
			const page = await told(api.GET('/v1/families/{id}', { params: { path: { id } }, signal }));
			for (const { membership, followed_by: next } of page.memberships) if (next) found.set(membership.id, next);
			done(asked);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	return found;
}
