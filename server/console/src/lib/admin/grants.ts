/** What a grant is worth now, and what a new one needs. Pure. */
import type { Schemas } from '../api.ts';

export type Grant = Schemas['GrantView'];
export type User = Schemas['UserView'];
export type GrantState = 'active' | 'waiting' | 'future' | 'over' | 'ended';
export type UserState = Schemas['AccountState'];
type Role = Schemas['Role'];

/** Who decides, makes accounts or audits: their grant counts for nothing until an approver confirms it. */
const WAITING: readonly Role[] = ['supervisor', 'operator', 'verifier', 'approver', 'admin', 'auditor'];

export function waitsForApprover(role: string): boolean {
	return WAITING.some((each) => each === role);
}

export function grantState(grant: Grant, now: number): GrantState {
	if (grant.ended_at) return 'ended';
	if (grant.valid_until && Date.parse(grant.valid_until) <= now) return 'over';
	if (waitsForApprover(grant.role) && !grant.confirmed) return 'waiting';
	return Date.parse(grant.valid_from) > now ? 'future' : 'active';
}

const AFTER_MS = 30 * 86_400_000;

/** Whether one other person alone may not let somebody into this account: a role that ended lately counts too. */
export function needsTwo(user: User, now: number): boolean {
	return user.grants.some(({ role, ended_at }) => waitsForApprover(role) && (ended_at == null || Date.parse(ended_at) > now - AFTER_MS));
}

/** The roles that wait for an approver again when the account is let in again. */
export function wouldWait(user: User, now: number): Grant[] {
	return user.grants.filter((grant) => waitsForApprover(grant.role) && ['active', 'future'].includes(grantState(grant, now)));
}

/** The account with a grant as the server just told it. */
export function withGrant(user: User, grant: Grant): User {
	const known = user.grants.some((each) => each.id === grant.id);
	const grants = known ? user.grants.map((each) => (each.id === grant.id ? grant : each)) : [...user.grants, grant];
	return { ...user, grants };
}

/** Whether the grant can still be ended. */
export function isOpen(state: GrantState): boolean {
	return state === 'active' || state === 'waiting' || state === 'future';
}

export function userState(user: User, now: number): UserState {
	if (user.suspended) return 'suspended';
	const states = user.grants.map((grant) => grantState(grant, now));
	if (states.includes('active')) return 'active';
	return states.includes('waiting') || states.includes('future') ? 'waiting' : 'none';
}

export function holds(user: User, role: string, now: number): boolean {
	return user.grants.some((grant) => grant.role === role && grantState(grant, now) === 'active');
}

/** Whether `code` is the region or lies in it, on whole segments. */
export function covers(region: string, code: string): boolean {
	return code === region || code.startsWith(`${region}.`);
}

/** The regions without those that another one of them covers. */
export function outermost(codes: readonly string[]): string[] {
	return codes.filter((code) => !codes.some((other) => other !== code && covers(other, code)));
}

/** What is wrong with a span of ISO days, either of which may be empty. */
export function spanProblem(from: string, until: string, today: string): 'before' | 'past' | null {
	if (until === '') return null;
	if (until < today) return 'past';
	return from !== '' && until < from ? 'before' : null;
}
