/** A link to one thing of a list: `/keluarga?bagian=kembar#<id>`. The list comes later than the page, so the row itself looks. */
import type { Attachment } from 'svelte/attachments';

/** For the row of `id`: when the address names it, it is scrolled to, takes the focus and is marked. */
export function landing(id: string): Attachment<HTMLElement> {
	return (row) => {
		if (location.hash !== `#${id}`) return;
		if (!row.hasAttribute('tabindex')) row.tabIndex = -1;
		row.classList.add('landed');
		row.scrollIntoView({ block: 'center' });
		row.focus({ preventScroll: true });
	};
}
