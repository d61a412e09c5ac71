/** Writes `src/lib/reasons.gen.ts`: the lists that `GET /v1/reasons` answers with, from the example in the contract. */
import { readFileSync, writeFileSync } from 'node:fs';

/** Each list's name in the answer and in the console, and what it is for. */
const LISTS = [
	['returning', 'RETURN_REASONS', 'Why evidence goes back to the phone.'],
	['excluding', 'EXCLUSION_REASONS', 'Why a membership is cancelled or put on hold.'],
	['closing', 'CLOSE_REASONS', 'Why a case is closed without a decision.'],
	['refusing_import', 'IMPORT_REFUSALS', 'Why an import that waits is refused.'],
	['refusing_proposal', 'PROPOSAL_REFUSALS', 'Why an approver refuses what was proposed.'],
	['requesting_visit', 'VISIT_REASONS', 'Why a visit to a family is asked for.'],
	['refusing_grant', 'GRANT_REFUSALS', 'Why an approver refuses a role that somebody was given.'],
	['excepting', 'PLAN_EXCEPTIONS', 'Why a family is taken out of a plan of visits.'],
	['refusing_rule', 'RULE_REFUSALS', 'Why a rule of eligibility is refused.'],
	['dismissing_prepared', 'PREPARED_DISMISSALS', 'Why a family whose evaluation fails stays where it is.'],
	['rejecting_proposal', 'PROPOSAL_REJECTIONS', 'Why a proposal for the registry or a program is rejected.'],
	['returning_proposal', 'PROPOSAL_RETURNS', 'Why a proposal goes back to who wrote it.'],
	['reactivating', 'REACTIVATION_REASONS', 'Why somebody is to be brought back into the health insurance.'],
	['dismissing_health', 'HEALTH_DISMISSALS', 'Why what BPJS said has no effect here.'],
	['refusing_name', 'DELIBERATION_REFUSALS', 'Why a deliberation does not agree to a name.'],
	['revoking_letter', 'LETTER_REVOCATIONS', 'Why a letter is revoked.'],
	['dismissing_event', 'EVENT_DISMISSALS', 'Why a population event has no effect here.'],
	['refusing_batch', 'BATCH_REFUSALS', 'Why a batch of population events is refused.'],
	['returning_move', 'MOVE_RETURNS', 'Why a village sends a family back.'],
	['upholding_appeal', 'APPEAL_UPHELD', 'Why an appeal of a family is upheld.'],
	['dismissing_appeal', 'APPEAL_DISMISSED', 'Why an appeal of a family is dismissed.'],
	['rejecting_objection', 'OBJECTION_REJECTIONS', 'Why an objection of a citizen is not looked into.'],
] as const;

const contract = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));
const told = contract.paths['/v1/reasons'].get.responses['200'].content['application/json'].example;

const unknown = Object.keys(told).filter((name) => !LISTS.some(([known]) => known === name));
if (unknown.length > 0) throw new Error(`a list of reasons that the console does not know: ${unknown.join(', ')}`);

const lists = LISTS.map(([name, constant, meaning]) => {
	const rows: { code: string; label: string; group?: string }[] = told[name];
	const lines = rows.map(({ code, label, group }) => {
		const under = group === undefined ? '' : `, group: ${JSON.stringify(group)}`;
		return `\t{ code: ${JSON.stringify(code)}, label: ${JSON.stringify(label)}${under} },`;
	});
	return `/** ${meaning} */\nexport const ${constant}: readonly Reason[] = [\n${lines.join('\n')}\n];\n`;
});

const head = `// Written by \`npm run reasons\` from ../openapi.json.

export interface Reason {
\treadonly code: string;
\treadonly label: string;
\t/** The heading it stands under in a long list. */
\treadonly group?: string;
}
`;
writeFileSync(new URL('src/lib/reasons.gen.ts', import.meta.url), [head, ...lists].join('\n'));
