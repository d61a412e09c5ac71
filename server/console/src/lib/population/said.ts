/** What the civil registry says of somebody, beside what is recorded of them: a line for each thing that it says. Pure. */
import type { Schemas } from '#lib/api.ts';
import { relationWord } from '#lib/family/words.ts';
import { date } from '#lib/format.ts';
import { form } from '#lib/texts/families.ts';
import { population } from '#lib/texts/population.ts';

const t = population.said;

export interface Line {
	label: string;
	/** What is recorded, where it is something else. */
	before?: string;
	said: string;
	/** It is recorded like that. */
	same: boolean;
}

interface Ways {
	/** How a value is told. */
	word?: (value: string) => string;
	/** What of it counts when two are compared. */
	core?: (value: string) => string;
}

const SEXES: Readonly<Record<string, string>> = { male: form.male, female: form.female };

const day = (text: string): string => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? date(text) : text);
const plain = (text: string): string => text.trim().replaceAll(/\s+/g, ' ').toUpperCase();
/** `3` and `003` are one RT. */
const bare = (text: string): string => plain(text).replace(/^0+/, '');

/** `village` names a code. */
export function lines(
	said: Schemas['CivilEvent'],
	known: Schemas['CivilKnown'] | null | undefined,
	village: (code: string) => string,
): Line[] {
	const told: Line[] = [];
	function tell(label: string, value: string | null | undefined, here?: string | null, { word = (text) => text, core = plain }: Ways = {}) {
		if (value === null || value === undefined || value === '') return;
		const recorded = here === null || here === undefined || here === '' ? undefined : here;
		const same = recorded !== undefined && core(recorded) === core(value);
		told.push({ label, said: word(value), same, ...(recorded === undefined || same ? {} : { before: word(recorded) }) });
	}
	const { payload = {} } = said;
	tell(t.nik, said.nik);
	tell(t.kk, said.no_kk, known?.kk);
	tell(t.effective, said.date_effective, null, { word: day });
	tell(t.reported, said.date_reported, null, { word: day });
	tell(t.name, payload.name, known?.name);
	tell(t.birth, payload.birth_date, known?.birth_date, { word: day });
	tell(t.sex, payload.sex, known?.sex, { word: (sex) => SEXES[sex] ?? sex });
	tell(t.mother, payload.mother_name, known?.mother_name);
	tell(t.relation, payload.relation, known?.relation, { word: relationWord });
	tell(t.village, payload.region, known?.region, { word: village });
	tell(t.address, payload.address, known?.address);
	tell(t.rt, payload.rt, known?.rt, { core: bare });
	tell(t.rw, payload.rw, known?.rw, { core: bare });
	if (payload.whole_family !== null && payload.whole_family !== undefined) tell(t.whole, payload.whole_family ? t.yes : t.no);
	tell(t.members, (payload.members ?? []).join(', '));
	tell(t.newKk, payload.new_kk, known?.kk);
	tell(t.keptNik, payload.kept_nik);
	return told;
}
