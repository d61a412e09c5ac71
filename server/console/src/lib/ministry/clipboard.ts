/** What goes to the clipboard of an act: names and addresses as they are, numbers only after the server logged them. */
import { api, told, type Schemas } from '../api.ts';

export type Act = Schemas['MinistryAct'];

/** The address as the ministry's form takes it: one line, with RT and RW. */
export function addressLine(act: Pick<Act, 'address' | 'rt' | 'rw'>): string {
	return `${act.address} RT ${act.rt} RW ${act.rw}`;
}

/** The NIK of the person whom an act is about, or of the head; null when there is none. */
export function nikOf(act: Pick<Act, 'person'>, clear: Pick<Schemas['Unmasked'], 'persons'>): string | null {
	return clear.persons.find(({ id }) => id === act.person)?.nik ?? null;
}

/** The numbers of a family, logged with what for. */
export function unmasked(act: Act, purpose: string): Promise<Schemas['Unmasked']> {
	return told(api.POST('/v1/families/{id}/unmask', { params: { path: { id: act.family } }, body: { purpose } }));
}
