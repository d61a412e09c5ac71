/** Writes `src/lib/rule-parts.gen.ts`: what a rule may be put together from, as Tilik ships it, and the questions that it may ask for. */
import { readFileSync, writeFileSync } from 'node:fs';

function read(path: string) {
	return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}

interface Question {
	id: string;
	text: string;
	kind: { kind: string; options?: { code: string; label: string }[] };
}

const YES_NO = [
	{ code: 'yes', label: 'Ya' },
	{ code: 'no', label: 'Tidak' },
];

const { poverty, components, exclusions } = read('../data/rules.json');
const form: { questions: Question[] } = read('../protocol/forms/kepmensos-262.v1.json');
const questions = form.questions
	.filter(({ kind }) => kind.kind === 'yes_no' || kind.kind === 'choice')
	.map(({ id, text, kind }) => ({ id, text, answers: (kind.options ?? YES_NO).map(({ code, label }) => ({ code, label })) }));

const text = `// Written by \`npm run reasons\` from ../data/rules.json and ../protocol/forms/kepmensos-262.v1.json.
import type { Schemas } from './api.ts';

/** A question whose answers can meet a criterion. */
export interface Question {
	readonly id: string;
	readonly text: string;
	readonly answers: readonly { readonly code: string; readonly label: string }[];
}

export const QUESTIONS: readonly Question[] = ${JSON.stringify(questions)};

export const SHIPPED_POVERTY: Schemas['PovertyRule'] = ${JSON.stringify(poverty)};

export const SHIPPED_COMPONENTS: Schemas['ComponentRule'] = ${JSON.stringify(components)};

export const SHIPPED_EXCLUSIONS: readonly Schemas['ExclusionRule'][] = ${JSON.stringify(exclusions)};
`;
writeFileSync(new URL('src/lib/rule-parts.gen.ts', import.meta.url), text);
