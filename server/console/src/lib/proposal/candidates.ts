/** The proposals of a village that a deliberation can still speak about. */
import { api, told, type Schemas } from '#lib/api.ts';
import { proposalKind } from '#lib/proposal/labels.ts';
import { programName } from '#lib/recipient/programs.ts';

import type { Name } from './names.ts';

const STATES = ['checked', 'submitted', 'returned', 'draft'] as const;

function about(kind: string, program: string | null | undefined): string {
	return program ? `${proposalKind(kind)}, ${programName(program)}` : proposalKind(kind);
}

export function nameOf(row: Schemas['ProposalRow'], onList: boolean): Name {
	return { proposal: row.id, name: row.name ?? '–', about: about(row.kind, row.program), onList, said: '', reason: '' };
}

export function listedName(row: Schemas['ListedName']): Name {
	return {
		proposal: row.proposal,
		name: row.name ?? '–',
		about: about(row.kind, row.program),
		onList: true,
		said: row.said ?? '',
		reason: row.reason ?? '',
	};
}

/** Those that were matched stand on the list from the beginning; the others may be taken on. */
export async function candidates(region: string, signal: AbortSignal): Promise<Name[]> {
	const names: Name[] = [];
	for (const state of STATES) {
		const query = { region, state, limit: 200 };
		const page = await told(api.GET('/v1/proposals', { params: { query }, signal }));
		names.push(...page.items.map((row) => nameOf(row, state === 'checked')));
	}
	return names;
}
