/** Chips of accounts and grants. */
import type { Chip } from '../labels.ts';
import { users } from '../texts/users.ts';
import type { GrantState, UserState } from './grants.ts';

export const userChip: Readonly<Record<UserState, Chip>> = {
	active: { word: users.states.active, tone: 'ok', shape: 'check' },
	waiting: { word: users.states.waiting, tone: 'info', shape: 'clock' },
	none: { word: users.states.none, tone: 'plain', shape: 'ring' },
	suspended: { word: users.states.suspended, tone: 'bad', shape: 'bar' },
};

export const grantChip: Readonly<Record<GrantState, Chip>> = {
	active: { word: users.grants.active, tone: 'ok', shape: 'check' },
	waiting: { word: users.grants.waiting, tone: 'info', shape: 'clock' },
	future: { word: users.grants.future, tone: 'info', shape: 'half' },
	over: { word: users.grants.over, tone: 'plain', shape: 'bar' },
	ended: { word: users.grants.ended, tone: 'plain', shape: 'cross' },
};
