/** The one way to the server: a typed client, its errors, its clock. */
import createClient, { type Middleware } from 'openapi-fetch';

import type { components, paths } from './api.gen';
import { common } from './texts/common.ts';
import { asksForTraining, TRAINING_HEADER } from './training.ts';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];
export type ProblemCode = Schemas['ProblemCode'];

/** The server answered with a problem. */
export class ProblemError extends Error {
	readonly status: number;
	readonly code: ProblemCode;
	readonly problem: Problem;
	readonly retryAfterS: number | undefined;

	constructor(problem: Problem, retryAfterS?: number) {
		super(problem.title);
		this.name = 'ProblemError';
		this.status = problem.status;
		this.code = problem.code;
		this.problem = problem;
		this.retryAfterS = retryAfterS;
	}
}

/** The server could not be reached: nothing is known of what it did. */
export class OfflineError extends Error {
	constructor(cause: unknown) {
		super(common.offlineTitle, { cause });
		this.name = 'OfflineError';
	}
}

/** A UUID of version 7. It names one act: a repeat of the same act sends the same one. */
export function newEvent(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	const view = new DataView(bytes.buffer);
	const now = Math.floor(serverNow());
	view.setUint32(0, Math.floor(now / 0x10000));
	view.setUint16(4, now % 0x10000);
	view.setUint16(6, 0x7000 | (view.getUint16(6) & 0x0fff));
	view.setUint16(8, 0x8000 | (view.getUint16(8) & 0x3fff));
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

let clockOffset = 0;

/** The server's time in milliseconds, by its `Date` header: this computer's clock may be wrong by a day. */
export function serverNow(): number {
	return Date.now() + clockOffset;
}

function setClock(date: string | null): void {
	const told = Date.parse(date ?? '');
	if (Number.isNaN(told)) return;
	// The header has whole seconds: the middle of the second, and only a real difference moves the clock.
	const offset = told + 500 - Date.now();
	if (Math.abs(offset - clockOffset) > 1_000) clockOffset = offset;
}

type Listener<T> = (value: T) => void;
const signedOut = new Set<Listener<void>>();
const reached = new Set<Listener<boolean>>();

/** Called when an answer says that nobody is signed in any more. Returns what ends it. */
export function onSignedOut(listener: Listener<void>): () => void {
	signedOut.add(listener);
	return () => signedOut.delete(listener);
}

/** Called after each request: whether the server was reached. */
export function onReached(listener: Listener<boolean>): () => void {
	reached.add(listener);
	return () => reached.delete(listener);
}

/** Where a 401 says that what was typed is wrong or too late, not that a session ended. */
const DOORS: ReadonlySet<string> = new Set(['/v1/console/session', '/v1/console/session/code', '/v1/reset-slips/use']);

/** How often somebody came in here, and how often had they when a request was sent. */
let entered = 0;
const enteredAt = new WeakMap<Request, number>();

/** Grows whenever an answer says that somebody is signed in: a 401 to what was sent before tells nothing of now. */
export function entrances(): number {
	return entered;
}

const watch: Middleware = {
	onRequest({ request }) {
		enteredAt.set(request, entered);
		if (asksForTraining()) request.headers.set(TRAINING_HEADER, '1');
		return request;
	},
	onResponse({ request, response, schemaPath }) {
		setClock(response.headers.get('date'));
		for (const listener of reached) listener(true);
		if (response.ok && (DOORS.has(schemaPath) || schemaPath === '/v1/me')) entered += 1;
		if (response.status === 401 && !DOORS.has(schemaPath) && (enteredAt.get(request) ?? entered) === entered) {
			for (const listener of signedOut) listener();
		}
	},
	onError({ error }) {
		if (error instanceof TypeError) for (const listener of reached) listener(false);
	},
};

let askForCode: (() => Promise<boolean>) | null = null;

/** Called when an act asks for a code first: whether one was shown. Returns what ends it. */
export function onStepUp(ask: () => Promise<boolean>): () => void {
	askForCode = ask;
	return () => {
		askForCode = null;
	};
}

const copies = new WeakMap<Request, Request>();

/** An act that asks for a code waits for it and is sent again, the same event and all. */
const stepUp: Middleware = {
	onRequest({ request }) {
		// Acts are short; a file that is brought in is not kept twice.
		const isAct = request.method === 'POST' && request.headers.get('content-type')?.startsWith('application/json') === true;
		if (isAct) copies.set(request, request.clone());
	},
	async onResponse({ request, response }) {
		const copy = copies.get(request);
		if (response.status !== 403 || copy === undefined || askForCode === null) return;
		const problem: unknown = await response.clone().json().catch(() => null);
		if (!isProblem(problem) || problem.code !== 'step_up_needed' || !(await askForCode())) return;
		return await fetch(copy);
	},
};

export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });
api.use(watch, stepUp);

function isProblem(value: unknown): value is Problem {
	return typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'status' in value;
}

function retryAfter(response: Response): number | undefined {
	const seconds = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
	return Number.isNaN(seconds) ? undefined : seconds;
}

/** What a proxy says in the server's place, as a problem. */
function foreign(status: number): Problem {
	return {
		type: 'about:blank',
		title: common.unavailableTitle,
		detail: common.unavailableText,
		status,
		code: status >= 500 ? 'unavailable' : 'internal',
		request_id: '',
	};
}

/** The answer's body, or the problem thrown. */
export async function told<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
	let answer;
	try {
		answer = await call;
	} catch (error) {
		// fetch says "no connection" by a TypeError; an abort is no news of the network.
		if (error instanceof TypeError) throw new OfflineError(error);
		throw error;
	}
	const { data, error, response } = answer;
	if (response.ok) return data as T;
	throw new ProblemError(isProblem(error) ? error : foreign(response.status), retryAfter(response));
}
