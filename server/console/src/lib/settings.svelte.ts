/** Taste of this browser: no personal data. */
export type Theme = 'system' | 'terang' | 'gelap';

const KEY = 'tilik.settings';

interface Stored {
	theme: Theme;
	shortcuts: boolean;
}

function isTheme(value: unknown): value is Theme {
	return value === 'system' || value === 'terang' || value === 'gelap';
}

function read(): Stored {
	const plain: Stored = { theme: 'system', shortcuts: true };
	try {
		const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
		if (typeof found !== 'object' || found === null) return plain;
		return {
			theme: 'theme' in found && isTheme(found.theme) ? found.theme : plain.theme,
			shortcuts: 'shortcuts' in found ? found.shortcuts !== false : plain.shortcuts,
		};
	} catch {
		// Storage may be forbidden or hold something else; the defaults do.
		return plain;
	}
}

class Settings {
	#stored = $state(read());

	constructor() {
		this.#show();
	}

	get theme(): Theme {
		return this.#stored.theme;
	}

	set theme(theme: Theme) {
		this.#stored.theme = theme;
		this.#keep();
	}

	/** Whether single letters, digits and signs are shortcuts (WCAG 2.1.4). */
	get shortcuts(): boolean {
		return this.#stored.shortcuts;
	}

	set shortcuts(on: boolean) {
		this.#stored.shortcuts = on;
		this.#keep();
	}

	#keep(): void {
		this.#show();
		try {
			localStorage.setItem(KEY, JSON.stringify(this.#stored));
		} catch {
			// Forbidden storage: the choice lasts as long as the page.
		}
	}

	#show(): void {
		const root = document.documentElement;
		if (this.#stored.theme === 'system') delete root.dataset.theme;
		else root.dataset.theme = this.#stored.theme === 'gelap' ? 'dark' : 'light';
	}
}

export const settings = new Settings();
