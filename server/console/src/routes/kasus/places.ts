/** The regions of a filter, districts above their villages. */
import type { Region } from '#lib/regions.svelte.ts';
import { common } from '#lib/texts/common.ts';

interface Option {
	readonly value: string;
	readonly label: string;
}

/** Districts and villages in the order of their codes; `asked` is kept also when it is none of them. */
export function placeOptions(regions: readonly Region[], asked?: string): Option[] {
	const options = regions.flatMap(({ code, name, level }): Option[] => {
		if (level === 'district') return [{ value: code, label: common.district(name) }];
		return level === 'village' ? [{ value: code, label: name }] : [];
	});
	return asked === undefined || options.some(({ value }) => value === asked) ? options : [...options, { value: asked, label: asked }];
}
