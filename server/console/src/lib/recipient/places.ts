/** The regions of a person's reach, for a filter. */
import { byName } from '#lib/format.ts';
import type { Region } from '#lib/regions.svelte.ts';

/** Villages below their district: `Mojoroto`, then `Mojoroto: Bandar Lor` and its neighbours. */
export function regionOptions(list: readonly Region[]): { value: string; label: string }[] {
	const names = new Map(list.map(({ code, name }) => [code, name]));
	return list
		.filter(({ level }) => level === 'district' || level === 'village')
		.map(({ code, name, level }) => {
			const district = names.get(code.split('.').slice(0, -1).join('.'));
			return { value: code, label: level === 'village' && district !== undefined ? `${district}: ${name}` : name };
		})
		.toSorted((a, b) => byName(a.label, b.label));
}
