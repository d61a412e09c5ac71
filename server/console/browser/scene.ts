/** Families that a test brings along: drawn by the clock, so that a second run in the same city meets nobody of the first. */
import type { Desk } from './kit.ts';

export interface Somebody {
	readonly name: string;
	readonly nik: string;
	/** `1980-12-31`. */
	readonly birth: string;
	/** The same as it is typed. */
	readonly birthTyped: string;
	readonly sex: 'male' | 'female';
}

export interface Family {
	readonly id: string;
	readonly head: Somebody;
	readonly wife: Somebody;
}

let drawn = 0;

/** A name that nobody else bears: ten digits of the clock, each a syllable. */
function unheardOf(n: number): string {
	const syllables = [...String(n).padStart(10, '0')].map((digit) => `${'bdgjklmnrs'[Number(digit)]}${'aeiou'[Number(digit) % 5]}`);
	const word = (from: number) => syllables.slice(from, from + 5).join('');
	return [word(0), word(5)].map((each) => `${each.charAt(0).toUpperCase()}${each.slice(1)}`).join(' ');
}

/** Somebody who is in no registry; `district` is that of the NIK. */
export function somebody(sex: Somebody['sex'], district = '357103'): Somebody {
	drawn += 1;
	const two = (n: number) => String(n).padStart(2, '0');
	const any = (from: number, to: number) => from + Math.floor(Math.random() * (to - from + 1));
	const [day, month, year] = [any(1, 28), any(1, 12), any(1950, 1995)];
	const nik = `${district}${two(day + (sex === 'female' ? 40 : 0))}${two(month)}${String(year).slice(2)}${String(any(1, 9999)).padStart(4, '0')}`;
	const name = unheardOf((Date.now() % 100_000_000) * 100 + (drawn % 100));
	return { name, nik, birth: `${year}-${two(month)}-${two(day)}`, birthTyped: `${two(day)}-${two(month)}-${year}`, sex };
}

/** Two people who hold no place, registered by this operator past the pages. */
export async function register(desk: Desk, region: string): Promise<Family> {
	const [head, wife] = [somebody('male'), somebody('female')];
	const person = ({ name, nik, birth, sex }: Somebody, relation: string) => ({ name, nik, birth_date: birth, sex, relation, payee: false });
	const reply = await desk.ask('post', '/v1/families', {
		event_id: crypto.randomUUID(),
		address: 'Jl. Percobaan 7',
		rt: '001',
		rw: '002',
		region,
		persons: [person(head, 'kepala_keluarga'), person(wife, 'pasangan')],
		// Not everybody has a card yet.
		ticked: ['kk:empty'],
	});
	if (!reply.ok()) throw new Error(`POST /v1/families answers ${reply.status()}: ${await reply.text()}`);
	return { id: ((await reply.json()) as { family: string }).family, head, wife };
}
