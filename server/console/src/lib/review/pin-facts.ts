/** What is said of a pin, wherever it is drawn. */
import { date, metres } from '#lib/format.ts';
import { distance, lonLat, planeAt } from '#lib/geo/projection.ts';
import { pinSource } from '#lib/labels.ts';
import { review as t } from '#lib/texts/review.ts';

import type { CaseView, VisitView } from './evidence.ts';

export interface PinFacts {
	readonly facts: readonly string[];
	/** Something speaks against it. */
	readonly odd: boolean;
	/** Metres to the pin before. */
	readonly apart: number | null;
}

export function factsOf(pin: VisitView['pin'], earlier: CaseView['earlier_pins']): PinFacts {
	if (pin == null) return { facts: [t.noPin], odd: false, apart: null };
	const last = earlier[0];
	// The server's number, so that words and map agree.
	const apart =
		last === undefined ? null : (pin.distance_to_last_m ?? Math.round(distance({ x: 0, y: 0 }, planeAt(lonLat(pin))(lonLat(last)))));
	const outside = pin.outside_m ?? 0;
	// What speaks against the pin comes first: the line may be cut at its end.
	const facts = [
		...(pin.mock ? [t.mock] : []),
		...(outside > 0 ? [t.outside(metres(outside))] : []),
		last === undefined || apart === null ? t.noEarlierPin : t.fromEarlier(metres(apart), date(last.taken_at)),
		t.accuracy(metres(pin.accuracy_cm / 100)),
		...(pin.source === 'gnss' ? [] : [pinSource(pin.source).toLowerCase()]),
		...(pin.outside_m == null ? [t.noBoundary] : outside > 0 ? [] : [t.inside]),
	];
	return { facts, odd: pin.mock || outside > 0, apart };
}
