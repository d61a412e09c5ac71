/** One tab stop for a group of buttons; arrows, Home and End move within. For `{@attach roving('row')}`. */

const STEPS: Readonly<Record<'row' | 'column', Readonly<Record<string, number>>>> = {
	row: { ArrowLeft: -1, ArrowRight: 1 },
	column: { ArrowUp: -1, ArrowDown: 1 },
};

/** The buttons of the group that are its own stops. */
function stops(group: HTMLElement): HTMLButtonElement[] {
	return [...group.querySelectorAll<HTMLButtonElement>('button')];
}

export function roving(axis: 'row' | 'column'): (group: HTMLElement) => () => void {
	return (group) => {
		function mark(current: HTMLButtonElement | undefined) {
			for (const button of stops(group)) button.tabIndex = button === current ? 0 : -1;
		}

		function settle() {
			const all = stops(group);
			const kept = all.find((button) => button.tabIndex === 0 && button.dataset.stop === 'yes');
			mark(all.find((button) => button.getAttribute('aria-current') === 'true') ?? kept ?? all[0]);
		}

		function onfocusin({ target }: FocusEvent) {
			if (!(target instanceof HTMLButtonElement)) return;
			for (const button of stops(group)) delete button.dataset.stop;
			target.dataset.stop = 'yes';
			mark(target);
		}

		function onkeydown(event: KeyboardEvent) {
			if (event.ctrlKey || event.altKey || event.metaKey) return;
			const all = stops(group);
			const at = all.findIndex((button) => button === event.target);
			const step = STEPS[axis][event.key];
			const goal = step === undefined ? { Home: 0, End: all.length - 1 }[event.key] : at + step;
			const button = at < 0 || goal === undefined ? undefined : all[Math.min(Math.max(goal, 0), all.length - 1)];
			if (button === undefined) return;
			event.preventDefault();
			button.focus();
		}

		const watch = new MutationObserver(settle);
		watch.observe(group, { childList: true, subtree: true, attributeFilter: ['aria-current'] });
		group.addEventListener('focusin', onfocusin);
		group.addEventListener('keydown', onkeydown);
		settle();
		return () => {
			watch.disconnect();
			group.removeEventListener('focusin', onfocusin);
			group.removeEventListener('keydown', onkeydown);
		};
	};
}
