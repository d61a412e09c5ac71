/** What a plan is asked by, from what is typed. The server chooses; nothing here ranks or draws. */
import type { Schemas } from '#lib/api.ts';

type Plan = Schemas['PlanView'];
export type Rule = Schemas['PlanRule'];
export type Order = Schemas['PreviewPlan'];

/** In the order of their ranks. */
export const RULES: readonly Rule[] = ['asked', 'no_photo', 'decile_jump', 'old_photo', 'random'];

/** Of the rules that take a number: the least and the most. */
export const RANGES = { decile_jump: [1, 9], old_photo: [1, 120], random: [1, 100] } as const;
export type Numbered = keyof typeof RANGES;

export const MOST_CAPACITY = 999;

export interface Choice {
	readonly region: string;
	/** '' is any. */
	readonly program: string;
	readonly on: Readonly<Record<Rule, boolean>>;
	readonly numbers: Readonly<Record<Numbered, string>>;
	readonly capacity: string;
	/** By officer, of those that are not as all. */
	readonly capacities: Readonly<Record<string, string>>;
}

/** A whole number in the range, or null. */
export function whole(text: string, least: number, most: number): number | null {
	const value = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : Number.NaN;
	return value >= least && value <= most ? value : null;
}

export function numberOf(rule: Numbered, text: string): number | null {
	const [least, most] = RANGES[rule];
	return whole(text, least, most);
}

/** What the server is asked, or null while something typed is no number or nothing is chosen. */
export function orderOf(choice: Choice): Order | null {
	const { region, program, on, numbers } = choice;
	const capacity = whole(choice.capacity, 0, MOST_CAPACITY);
	if (region === '' || capacity === null || !RULES.some((rule) => on[rule])) return null;
	const wanted: Partial<Record<Numbered, number>> = {};
	for (const rule of Object.keys(RANGES) as Numbered[]) {
		if (!on[rule]) continue;
		const value = numberOf(rule, numbers[rule]);
		if (value === null) return null;
		wanted[rule] = value;
	}
	const capacities: Schemas['Capacity'][] = [];
	for (const [officer, text] of Object.entries(choice.capacities)) {
		const cases = whole(text, 0, MOST_CAPACITY);
		if (cases === null) return null;
		if (cases !== capacity) capacities.push({ officer, cases });
	}
	capacities.sort((a, b) => (a.officer < b.officer ? -1 : 1));
	return {
		region,
		rules: {
			asked: on.asked,
			no_photo: on.no_photo,
			...(wanted.decile_jump === undefined ? {} : { decile_jump: wanted.decile_jump }),
			...(wanted.old_photo === undefined ? {} : { photo_older_months: wanted.old_photo }),
			...(wanted.random === undefined ? {} : { random_percent: wanted.random }),
			...(program === '' ? {} : { program }),
		},
		capacity,
		...(capacities.length === 0 ? {} : { capacities }),
	};
}

/** Whether what is typed now asks for the plan that is shown. */
export function isOf(shown: Order | null, now: Order | null): boolean {
	return shown !== null && now !== null && JSON.stringify(shown) === JSON.stringify(now);
}

export function countOf(plan: Plan | null, rule: Rule): Schemas['RuleCount'] | undefined {
	return plan?.counts.find((one) => one.rule === rule);
}

/** How many of a plan are opened or settled otherwise, and how many there are in all. */
export function progressOf(plan: Plan): { done: number; all: number } {
	const out = plan.officers.reduce((sum, one) => sum + one.taken_out, 0);
	const all = plan.planned - out;
	return { done: all - plan.waiting, all };
}
