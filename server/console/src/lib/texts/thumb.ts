/** A house's small photo in a list or on the map. By itself: the map needs none of the words beside it. */
export const thumb = {
	photoOf: (name: string) => `Rumah ${name}, tampak depan`,
	enlarge: (name: string) => `Perbesar foto rumah ${name}`,
	noPhoto: 'Belum ada foto',
	photoFailed: 'Foto tidak dapat dimuat',
	/** It shows a house that the family moved away from. */
	beforeMove: 'Rumah sebelum pindah',
} as const;
