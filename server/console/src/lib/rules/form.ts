/** A rule as a form, and back. Pure. */
import type { Schemas } from '#lib/api.ts';
import { SHIPPED_COMPONENTS, SHIPPED_EXCLUSIONS, SHIPPED_POVERTY } from '#lib/rule-parts.gen.ts';
import { rules } from '#lib/texts/rules.ts';

export type RuleBody = Schemas['RuleBody'];

/** Answers to one question that meet a criterion. */
export interface TypedAnswer {
	question: string;
	is: string[];
}

export interface TypedCriterion {
	id: string;
	poor: string;
	answers: TypedAnswer[];
}

export interface TypedComponent {
	code: string;
	label: string;
	from: string;
	to: string;
	recorded: boolean;
}

export interface TypedExclusion {
	code: string;
	label: string;
	evidence: string;
	source: string;
	automatic: string;
	appeal: string;
	whole: boolean;
}

/** What stands in the fields. */
export interface Typed {
	title: string;
	source: string;
	decile: boolean;
	max: string;
	maxSource: string;
	poverty: boolean;
	povertyId: string;
	povertySource: string;
	minHits: string;
	shelter: boolean;
	criteria: TypedCriterion[];
	components: boolean;
	componentsSource: string;
	atLeast: string;
	anyOf: TypedComponent[];
	exclusions: TypedExclusion[];
}

export interface Own {
	field: string;
	remedy: string;
}

function text(n: number | null | undefined): string {
	return n === null || n === undefined ? '' : String(n);
}

function criterionOf({ id, poor, any_of }: Schemas['Criterion']): TypedCriterion {
	return { id, poor, answers: any_of.map(({ question, is }) => ({ question, is: [...is] })) };
}

function componentOf({ code, label, ages, recorded }: Schemas['Component']): TypedComponent {
	return { code, label, from: text(ages?.from), to: text(ages?.to), recorded: recorded ?? false };
}

function exclusionOf(one: Schemas['ExclusionRule']): TypedExclusion {
	const { code, label, evidence, source } = one;
	return { code, label, evidence, source, automatic: one.automatic ?? '', appeal: one.appeal ?? '', whole: one.whole_family ?? false };
}

/** A part that the rule does not have yet begins as Tilik ships it; nothing of it counts until it is ticked and saved. */
export function typedOf(body: RuleBody): Typed {
	const poverty = body.poverty ?? SHIPPED_POVERTY;
	const components = body.components ?? SHIPPED_COMPONENTS;
	return {
		title: body.title,
		source: body.source,
		decile: Boolean(body.decile),
		max: text(body.decile?.max),
		maxSource: body.decile?.source ?? '',
		poverty: Boolean(body.poverty),
		povertyId: poverty.id,
		povertySource: poverty.source,
		// The threshold is the city's own word: it is never filled in for it.
		minHits: text(body.poverty?.min_hits),
		shelter: poverty.q0_short_circuit,
		criteria: poverty.criteria.map(criterionOf),
		components: Boolean(body.components),
		componentsSource: components.source,
		atLeast: text(body.components?.at_least),
		anyOf: components.any_of.map(componentOf),
		exclusions: (body.exclusions ?? []).map(exclusionOf),
	};
}

/** The reasons of exclusion that a rule does not know yet, as Tilik ships them. */
export function moreExclusions(typed: Pick<Typed, 'exclusions'>): readonly Schemas['ExclusionRule'][] {
	return SHIPPED_EXCLUSIONS.filter(({ code }) => !typed.exclusions.some((one) => one.code === code));
}

export function newExclusion(code: string): TypedExclusion | undefined {
	const shipped = SHIPPED_EXCLUSIONS.find((one) => one.code === code);
	return shipped && exclusionOf(shipped);
}

/** A criterion to be filled in; of Kepmensos 262 there are nine, and what a city adds is named after them. */
export function newCriterion(typed: Pick<Typed, 'criteria'>): TypedCriterion {
	let n = typed.criteria.length;
	while (typed.criteria.some(({ id }) => id === `Q${n}`)) n += 1;
	return { id: `Q${n}`, poor: '', answers: [{ question: '', is: [] }] };
}

export function newComponent(): TypedComponent {
	return { code: '', label: '', from: '', to: '', recorded: true };
}

/** A code as the server takes it, from what somebody typed. */
export function codeOf(typed: string): string {
	return typed
		.trim()
		.toUpperCase()
		.replaceAll(/[^A-Z0-9]+/g, '_')
		.replaceAll(/^_+|_+$/g, '');
}

/** The rule that the fields say, over the one they were filled from; and what is wrong before anything is sent. */
export function bodyOf(before: RuleBody, typed: Typed): { body: RuleBody; own: Own[] } {
	const own: Own[] = [];
	function whole(typedText: string, field: string): number | undefined {
		const trimmed = typedText.trim();
		if (trimmed === '') return undefined;
		if (!/^\d{1,4}$/.test(trimmed)) {
			own.push({ field, remedy: rules.form.badNumber });
			return undefined;
		}
		return Number(trimmed);
	}
	const body: RuleBody = { title: typed.title.trim(), source: typed.source.trim() };
	if (typed.decile) {
		const max = whole(typed.max, 'body.decile.max');
		body.decile = { ...(max === undefined ? {} : { max }), source: typed.maxSource.trim() };
	}
	if (typed.poverty) {
		const { min_hits: _, ...rest } = before.poverty ?? SHIPPED_POVERTY;
		const hits = whole(typed.minHits, 'body.poverty.min_hits');
		body.poverty = {
			...rest,
			id: typed.povertyId.trim(),
			source: typed.povertySource.trim(),
			q0_short_circuit: typed.shelter,
			...(hits === undefined ? {} : { min_hits: hits }),
			criteria: typed.criteria.map(({ id, poor, answers }) => ({
				id: id.trim(),
				poor: poor.trim(),
				any_of: answers.filter(({ question }) => question !== '').map(({ question, is }) => ({ question, is: [...is] })),
			})),
		};
	}
	if (typed.components) {
		const least = whole(typed.atLeast, 'body.components.at_least');
		body.components = {
			...(least === undefined ? {} : { at_least: least }),
			source: typed.componentsSource.trim(),
			any_of: typed.anyOf.map(({ code, label, from, to, recorded }, n) => {
				const field = `body.components.any_of[${n}]`;
				if (codeOf(code) === '') own.push({ field: `${field}.code`, remedy: rules.form.noCode });
				const ages = { from: whole(from, `${field}.ages`), to: whole(to, `${field}.ages`) };
				const half = (ages.from === undefined) !== (ages.to === undefined);
				if (half && !own.some((one) => one.field === `${field}.ages`)) own.push({ field: `${field}.ages`, remedy: rules.form.halfAges });
				return {
					code: codeOf(code),
					label: label.trim(),
					...(ages.from === undefined || ages.to === undefined ? {} : { ages: { from: ages.from, to: ages.to } }),
					recorded,
				};
			}),
		};
	}
	if (typed.exclusions.length > 0) {
		body.exclusions = typed.exclusions.map(({ code, label, evidence, source, automatic, appeal, whole: all }) => ({
			code,
			label: label.trim(),
			...(automatic.trim() === '' ? {} : { automatic: automatic.trim() }),
			evidence: evidence.trim(),
			...(appeal.trim() === '' ? {} : { appeal: appeal.trim() }),
			whole_family: all,
			source: source.trim(),
		}));
	}
	return { body, own };
}
