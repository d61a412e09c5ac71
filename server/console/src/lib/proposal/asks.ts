/** Which parts of a proposal its kind asks for, and which it may have. */
import type { Schemas } from '#lib/api.ts';

type Kind = Schemas['ProposalKind'];
export type Part = 'program' | 'person' | 'reason' | 'to_region' | 'document_number';

/** The program whose members are brought back. */
export const PBI = 'PBI-JK';

const PARTS: Readonly<Record<Kind, readonly Part[]>> = {
	new: [],
	correction: [],
	program: ['program', 'person'],
	removal: ['program', 'person', 'reason'],
	relocation: ['to_region'],
	payee_change: ['person'],
	pbi_reactivation: ['program', 'person', 'reason', 'document_number'],
};

/** Whether a proposal of this kind has this part. Every kind may name a letter. */
export function asks(kind: Kind, part: Part): boolean {
	return part === 'document_number' || PARTS[kind].includes(part);
}

/** What is written of a proposal, with nothing its kind does not have. */
export interface Written {
	kind: Kind;
	family: string;
	person: string;
	program: string;
	reason: string;
	to_region: string;
	document_number: string;
	note: string;
}

/** As the server takes it: what is empty is absent. */
export function contentOf(written: Written): Schemas['ProposalContent'] {
	const { kind } = written;
	const content: Schemas['ProposalContent'] = { kind };
	if (written.family !== '') content.family = written.family;
	for (const part of ['program', 'person', 'reason', 'to_region', 'document_number'] as const) {
		const value = written[part].trim();
		if (asks(kind, part) && value !== '') content[part] = value;
	}
	const note = written.note.trim();
	if (note !== '') content.note = note;
	return content;
}
