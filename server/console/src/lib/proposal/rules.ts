/** The days of a window in words, and as a form holds them. Pure. */
import type { Schemas } from '#lib/api.ts';
import { windows as t } from '#lib/texts/proposals.ts';

type Rule = Schemas['WindowRule'];
export type RuleKind = 'day' | 'month_end_minus' | 'quarter';

export function ruleWords(rule: Rule): string {
	const { day, month_end_minus: before, month_in_quarter: month } = rule;
	if (before !== undefined && before !== null) return before === 0 ? t.lastDay : t.beforeEnd(String(before));
	if (month !== undefined && month !== null) return t.ofQuarter(String(day ?? ''), String(month));
	return t.day(String(day ?? ''));
}

/** The rule that a form says. A number that is none is left for the server to name. */
export function ruleOf(kind: RuleKind, n: string, k: string): Rule {
	const value = Number.parseInt(n, 10);
	const number = Number.isNaN(value) || value < 0 || value > 99 ? 99 : value;
	const month = Number.parseInt(k, 10);
	if (kind === 'month_end_minus') return { month_end_minus: number };
	if (kind === 'quarter') return { day: number, month_in_quarter: Number.isNaN(month) || month < 0 || month > 99 ? 99 : month };
	return { day: number };
}
