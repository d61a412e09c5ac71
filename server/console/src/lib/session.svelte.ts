/** Who is signed in, in this tab and beside it. */
import { api, onSignedOut, ProblemError, told, type Schemas } from './api.ts';
import { wipe } from './review/wipe.ts';
import { askForTraining, asksForTraining, scopeOf } from './training.ts';

export type Permission = Schemas['Permission'];
export type Role = Schemas['Role'];
export type Me = Schemas['Me'];

/** `expired`: there was a session and it ended by itself; what is on the screen stays until somebody signs in again. */
export type Standing = 'unknown' | 'in' | 'out' | 'expired' | 'failed';

type News = { kind: 'out' } | { kind: 'in'; user: string; name: string };

function isNews(value: unknown): value is News {
	return typeof value === 'object' && value !== null && 'kind' in value;
}

class Session {
	me = $state<Me | null>(null);
	standing = $state<Standing>('unknown');
	/** Why `load` failed. */
	error = $state<unknown>(null);
	/** The name of somebody else who signed in beside this tab: its screen is no longer true. */
	other = $state<string | null>(null);
	/** Whether signing in leads back to where this tab was; not after somebody chose to leave. */
	returns = $state(true);
	readonly roles = $derived<Role[]>([
		...new Set((this.me?.grants ?? []).map((grant) => grant.role)),
	]);

	/** Whether this person's regions are real places, training, or some of each. */
	readonly scope = $derived(scopeOf((this.me?.grants ?? []).flatMap((grant) => grant.regions)));
	/** Whether this tab shows what was invented: nothing in it counts. */
	readonly training = $derived(this.scope === 'training' || (this.scope === 'both' && asksForTraining()));

	/** How many decisions the server has not answered yet, and how they end when their person leaves: the review's own. */
	unsent: () => number = () => 0;
	atLeaving: () => void = () => {};

	#tabs = new BroadcastChannel('tilik-session');

	constructor() {
		onSignedOut(() => {
			if (this.standing === 'in') this.standing = 'expired';
		});
		this.#tabs.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
			if (!isNews(data)) return;
			if (data.kind === 'out') {
				this.returns = false;
				this.#forget();
			} else if (this.me === null) void this.load();
			else if (this.me.user !== data.user) this.other = data.name;
			else if (this.standing === 'expired') void this.load();
		});
	}

	/** Whether one of the grants in force gives this. The server decides; this only hides what it would refuse. */
	may(permission: Permission): boolean {
		return (this.me?.permissions ?? []).includes(permission);
	}

	async load(): Promise<void> {
		try {
			this.#take(await told(api.GET('/v1/me')));
		} catch (error) {
			if (error instanceof ProblemError && error.status === 401) {
				if (this.standing !== 'expired') this.#forget();
			} else if (this.standing !== 'in') {
				this.error = error;
				this.standing = 'failed';
			}
		}
	}

	/** What a code is to be shown with, when one is wanted; null: signed in. Throws what `told` throws. */
	async signIn(username: string, password: string): Promise<Schemas['CodeNeeded'] | null> {
		// The browser sets Origin itself; the document names it because the server asks for it.
		const params = { header: { Origin: location.origin } };
		const said = await told(api.POST('/v1/console/session', { params, body: { username, password } }));
		if ('pending' in said) return said;
		this.#enter(said);
		return null;
	}

	/** The code that was wanted. Throws what `told` throws. */
	async showCode(pending: string, code: string): Promise<void> {
		const params = { header: { Origin: location.origin } };
		this.#enter(await told(api.POST('/v1/console/session/code', { params, body: { pending, code } })));
	}

	#enter(me: Me): void {
		this.#take(me);
		this.#tell({ kind: 'in', user: me.user, name: me.name });
	}

	async signOut(): Promise<void> {
		await told(api.DELETE('/v1/session'));
		this.leave();
	}

	async signOutEverywhere(): Promise<void> {
		await told(api.POST('/v1/me/sign-out-everywhere'));
		this.leave();
	}

	/** Gives up a session that the server has ended already. */
	leave(): void {
		this.returns = false;
		wipe();
		this.#forget();
		this.#tell({ kind: 'out' });
	}

	#take(me: Me): void {
		// Somebody else signed in while this tab showed the first person's work.
		if (this.me !== null && this.me.user !== me.user) {
			this.other = me.name;
			return;
		}
		this.me = me;
		this.error = null;
		this.standing = 'in';
		// Left over from somebody who had both.
		if (this.scope !== 'both' && asksForTraining()) askForTraining(false);
	}

	#forget(): void {
		this.atLeaving();
		this.unsent = () => 0;
		this.atLeaving = () => {};
		askForTraining(false);
		this.me = null;
		this.other = null;
		this.standing = 'out';
	}

	#tell(news: News): void {
		this.#tabs.postMessage(news);
	}
}

export const session = new Session();

/** Short for `session.may`. */
export function may(permission: Permission): boolean {
	return session.may(permission);
}
