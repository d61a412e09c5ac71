/** A signed paper on its way to the server: brought first, then attached to what it belongs to. */
import { api, told, type Schemas } from '#lib/api.ts';

/** Brings a scan; `event` names it, so that a repeat brings no second one. */
export function bringScan(file: File, event: string): Promise<Schemas['PaperView']> {
	return told(
		api.POST('/v1/papers', {
			params: { query: { event_id: event } },
			headers: { 'Content-Type': file.type === 'image/jpeg' ? 'image/jpeg' : 'application/pdf' },
			body: '',
			// As it is: read as text it would be another file.
			bodySerializer: () => file,
		}),
	);
}
