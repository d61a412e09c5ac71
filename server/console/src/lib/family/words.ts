/** A family's history in words. */
import type { Schemas } from '#lib/api.ts';
import { form, past as t } from '#lib/texts/families.ts';

function inWords(table: Readonly<Record<string, string>>, code: string): string {
	return table[code] ?? code;
}

export function fieldWord(field: string): string {
	return inWords(t.fields, field);
}

export function actionWord(action: string | null | undefined): string {
	return action === null || action === undefined ? '' : inWords(t.actions, action);
}

export function relationWord(relation: string): string {
	return inWords(form.relations, relation);
}

/** A cell as it is told: codes in words. */
export function cellWord(field: string, cell: string | null | undefined): string {
	if (cell === null || cell === undefined || cell === '') return t.empty;
	if (field === 'hub_keluarga') return relationWord(cell);
	if (field === 'jenis_kelamin') return cell === 'male' ? form.male : cell === 'female' ? form.female : cell;
	return cell;
}

/** Whether a change shows nothing: what is masked looks alike before and after. */
export function isHidden({ from, to }: Schemas['FieldChange']): boolean {
	return (from ?? '') === (to ?? '');
}
