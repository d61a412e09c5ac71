/** Shortcuts: one listener, a stack of scopes, the topmost scope that has a key owns it. */
import { onMount } from 'svelte';

import { settings } from './settings.svelte.ts';
import { keys } from './texts/keys.ts';

export interface Binding {
	/** `t`, `1`, `+`, `?`, `ArrowLeft`, `Enter`, `Escape`, `Ctrl+K`, `Ctrl+Enter`. */
	readonly key: string;
	/** What it does, as the list and the palette say it. */
	readonly label: string;
	readonly run: () => void;
	/** Off while this says no. */
	readonly when?: () => boolean;
}

interface Scope {
	readonly name: string;
	readonly bindings: readonly Binding[];
	/** Nothing below is asked: a dialog or a panel that holds the keyboard. */
	readonly modal: boolean;
}

const scopes: Scope[] = [];

/** The bindings count while the component is mounted. Call it while the component starts. */
export function useKeys(name: string, bindings: readonly Binding[], options: { modal?: boolean } = {}): void {
	onMount(() => pushKeys(name, bindings, options));
}

/** The same by hand, for what opens and closes within a component. Returns what ends it. */
export function pushKeys(name: string, bindings: readonly Binding[], options: { modal?: boolean } = {}): () => void {
	const scope: Scope = { name, bindings, modal: options.modal ?? false };
	scopes.push(scope);
	return () => {
		const at = scopes.indexOf(scope);
		if (at >= 0) scopes.splice(at, 1);
	};
}

/** Scopes that hear keys now, topmost first, with what each can do now. */
export function activeScopes(): { name: string; bindings: Binding[] }[] {
	const found = [];
	const taken = new Set<string>();
	for (const scope of scopes.toReversed()) {
		const bindings = scope.bindings.filter((binding) => !taken.has(binding.key) && (binding.when?.() ?? true));
		for (const binding of bindings) taken.add(binding.key);
		if (bindings.length > 0) found.push({ name: scope.name, bindings });
		if (scope.modal) break;
	}
	return found;
}

/** A key as a person reads it. */
export function keyName(key: string): string {
	const names: Readonly<Record<string, string>> = keys.names;
	return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** A key that the switch of WCAG 2.1.4 turns off. */
export function isSingle(key: string): boolean {
	return key.length === 1;
}

const NO_TEXT = new Set(['radio', 'checkbox', 'button', 'submit', 'reset', 'file', 'range', 'color']);

function isTyping(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target instanceof HTMLInputElement) return !NO_TEXT.has(target.type);
	return target.isContentEditable || target.matches('textarea, select, [role="listbox"], [data-own-keys]');
}

function keyOf(event: KeyboardEvent): string | null {
	if (event.altKey || event.metaKey) return null;
	if (event.ctrlKey) {
		if (event.key === 'Enter') return 'Ctrl+Enter';
		return event.key.toLowerCase() === 'k' && !event.shiftKey ? 'Ctrl+K' : null;
	}
	// The plus of most keyboards is a shifted '='; elsewhere Shift makes no other key.
	if (event.key === '=') return '+';
	return isSingle(event.key) ? event.key.toLowerCase() : event.key;
}

function onKeydown(event: KeyboardEvent): void {
	if (event.defaultPrevented || event.isComposing || event.repeat) return;
	const key = keyOf(event);
	if (key === null || (isSingle(key) && !settings.shortcuts)) return;
	const always = key === 'Escape' || key === 'Ctrl+Enter' || key === 'Ctrl+K';
	if (!always && isTyping(event.target)) return;
	// Enter on a control is that control's own press.
	if (key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary') !== null) return;
	for (const scope of scopes.toReversed()) {
		const binding = scope.bindings.find((each) => each.key.toLowerCase() === key.toLowerCase() && (each.when?.() ?? true));
		if (binding !== undefined) {
			event.preventDefault();
			binding.run();
			return;
		}
		if (scope.modal) return;
	}
}

/** Starts listening; the layout does it once. */
export function listenToKeys(): () => void {
	window.addEventListener('keydown', onKeydown);
	return () => window.removeEventListener('keydown', onKeydown);
}
