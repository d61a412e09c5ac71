import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Schemas } from '#lib/api.ts';
import { approval } from '#lib/texts/recipients.ts';

import { changesBetween } from './changes.ts';
import { caseView, membership } from './sample.ts';

const visit: Schemas['VisitView'] = {
	id: 'visit',
	kind: 'full',
	officer: 'officer',
	captured_at: '2026-11-22T02:31:00Z',
	received_at: '2026-11-22T09:00:00Z',
	photos: [{ id: 'front', kind: 'house_front', taken_at: '2026-11-22T02:30:00Z', width: 4, height: 3, state: 'ready' }],
	answers: [],
	flags: [],
};
const proposed = membership('a', { outcome: 'ineligible', reason: 'MAMPU_DESIL', awaiting_approval: true });
const before = caseView({ state: 'awaiting_approval', current_visit: 'visit', visits: [visit], memberships: [proposed] });

test('another version alone is no difference', () => {
	assert.deepEqual(changesBetween(before, { ...before, version: 9 }), []);
});

test('everything a person judges by is told', () => {
	const after = {
		...before,
		state: 'accepted' as const,
		visits: [
			{
				...visit,
				photos: [],
				answers: [{ question: 'q', text: 'Lantai?', answer: 'Tanah', counts: true }],
				flags: [{ flag: 'mock_location' as const, sentence: 'HP melaporkan lokasi tiruan.' }],
			},
			{ ...visit, id: 'second' },
		],
		memberships: [membership('a')],
	};
	assert.deepEqual(changesBetween(before, after), [
		approval.stale.state('Menunggu pengesahan', 'Diterima'),
		approval.stale.outcome('PKH', 'Tidak layak', approval.stale.none),
		approval.stale.reason('PKH', 'Desil di atas batas program', approval.stale.none),
		approval.stale.visits(1),
		approval.stale.flags(1),
		approval.stale.answers,
	]);
});
