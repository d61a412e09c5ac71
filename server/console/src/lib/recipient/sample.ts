/** Cases for the tests of this folder. */
import type { Schemas } from '#lib/api.ts';

type CaseView = Schemas['CaseView'];
type MembershipView = Schemas['MembershipView'];

export function membership(id: string, more: Partial<MembershipView> = {}): MembershipView {
	return { id, program: 'PKH', state: 'active', awaiting_approval: false, ...more };
}

export function caseView(more: Partial<CaseView> = {}): CaseView {
	return {
		id: 'case',
		state: 'accepted',
		version: 4,
		kind: 'full',
		region: '35.71.01.1002',
		house: 'house',
		family: {
			id: 'family',
			name: 'Sukarmin',
			address: 'Gang 1',
			rt: '02',
			rw: '05',
			region: '35.71.01.1002',
			kk_masked: '3571************',
			persons: [],
		},
		visits: [],
		earlier_pins: [],
		memberships: [membership('a')],
		...more,
	};
}
