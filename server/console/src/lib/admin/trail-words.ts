/** Words for rows of the trail. A word that is not known is shown as it came. */
import { caseChip, deviceChip, membershipChip, outcomeChip, role, visitKind } from '../labels.ts';
import { importChip, importKind } from '../exchange/labels.ts';
import { objectionChip, objectionKind } from '../appeal/labels.ts';
import { reason } from '../reasons.ts';
import { audit } from '../texts/audit.ts';
import { details, shortId, thing, type Detail } from './trail.ts';

function wordOf(words: Readonly<Record<string, string>>, key: string): string {
	return (Object.hasOwn(words, key) ? words[key] : undefined) ?? key;
}

export function actionWord(action: string): string {
	return wordOf(audit.actions, action);
}

export function whatWord(what: string): string {
	return wordOf(audit.whats, what);
}

export function modeWord(mode: string): string {
	return wordOf(audit.modes, mode);
}

/** `Kasus …655e6898`, `Kuota PKH:35.71.03.1009`. */
export function objectWords(object: string): string {
	const { kind, id } = thing(object);
	const short = shortId(id);
	return `${wordOf(audit.objects, kind)} ${short === id ? id : `…${short}`}`.trim();
}

/** A state's word, whichever machine's it is. */
function stateWord(word: string, action: string): string {
	if (action.startsWith('import.')) return importChip(word).word;
	if (action.startsWith('objection.')) return objectionChip(word).word;
	if (action.startsWith('slot.')) return wordOf(audit.slots, word);
	return action.startsWith('membership.') ? membershipChip(word).word : caseChip(word).word;
}

function kindWord(word: string, action: string): string {
	if (action.startsWith('import.')) return importKind(word);
	if (action.startsWith('objection.')) return objectionKind(word);
	return action.startsWith('device.') ? deviceChip(word).word : visitKind(word);
}

function valueWord({ key, value }: Detail, action: string): string {
	if (key === 'from' || key === 'to' || key === 'state') return stateWord(value, action);
	if (key === 'reason' || key === 'reasons') return value.split(', ').map(reason).join(', ');
	if (key === 'role') return role(value);
	if (key === 'outcome') return outcomeChip(value).word;
	if (key === 'kind') return kindWord(value, action);
	if (value === 'true') return audit.yes;
	return value === 'false' ? audit.no : value;
}

/** What a row holds beside who, what and when, ready to be read. */
export function detailWords(body: unknown, action: string): Detail[] {
	return details(body).map((detail) => ({ key: wordOf(audit.bodies, detail.key), value: valueWord(detail, action) }));
}
