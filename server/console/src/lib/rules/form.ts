/** A rule as a form, and back. Pure. */
import type { Schemas } from '#lib/api.ts';
import { rules } from '#lib/texts/rules.ts';

export type RuleBody = Schemas['RuleBody'];

/** What stands in the fields. */
export interface Typed {
	title: string;
	source: string;
	decile: boolean;
	max: string;
	maxSource: string;
	poverty: boolean;
	minHits: string;
	shelter: boolean;
	components: boolean;
	atLeast: string;
	exclusions: string[];
}

export function typedOf(body: RuleBody): Typed {
	const text = (n: number | null | undefined) => (n === null || n === undefined ? '' : String(n));
	return {
		title: body.title,
		source: body.source,
		decile: Boolean(body.decile),
		max: text(body.decile?.max),
		maxSource: body.decile?.source ?? '',
		poverty: Boolean(body.poverty),
		minHits: text(body.poverty?.min_hits),
		shelter: body.poverty?.q0_short_circuit ?? true,
		components: Boolean(body.components),
		atLeast: text(body.components?.at_least),
		exclusions: (body.exclusions ?? []).map(({ code }) => code),
	};
}

/** The rule that the fields say, over the one they were filled from; and what is wrong before anything is sent. */
export function bodyOf(before: RuleBody, typed: Typed): { body: RuleBody; own: { field: string; remedy: string }[] } {
	const own: { field: string; remedy: string }[] = [];
	function whole(text: string, field: string): number | undefined {
		const trimmed = text.trim();
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
	if (typed.poverty && before.poverty) {
		const { min_hits: _, ...rest } = before.poverty;
		const hits = whole(typed.minHits, 'body.poverty.min_hits');
		body.poverty = { ...rest, q0_short_circuit: typed.shelter, ...(hits === undefined ? {} : { min_hits: hits }) };
	}
	if (typed.components && before.components) {
		const { at_least: _, ...rest } = before.components;
		const least = whole(typed.atLeast, 'body.components.at_least');
		body.components = { ...rest, ...(least === undefined ? {} : { at_least: least }) };
	}
	const kept = (before.exclusions ?? []).filter(({ code }) => typed.exclusions.includes(code));
	if (kept.length > 0) body.exclusions = kept;
	return { body, own };
}
