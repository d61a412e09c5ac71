/**
 * Places of labels near where they are wanted, in the same order, none nearer to another than `gap` and all between `top` and
 * `bottom` as far as there is room. The chart library only stacks labels from an edge or leaves some out. Pure.
 */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
	const order = wanted.map((_, at) => at).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
	const places = [...wanted];
	let least = top;
	for (const at of order) {
		places[at] = Math.max(wanted[at] ?? 0, least);
		least = (places[at] ?? 0) + gap;
	}
	let most = bottom;
	for (const at of order.toReversed()) {
		places[at] = Math.min(places[at] ?? 0, most);
		most = (places[at] ?? 0) - gap;
	}
	return places;
}
