/** A photo of an objector on its way: made small first, without what the camera wrote beside the pixels, then sent. */
import { api, told, type Schemas } from '#lib/api.ts';

/** The long side that is sent, in pixels. */
const SIDE = 1600;

/** The file as a JPEG of at most 1600 pixels; throws when the browser cannot read it as a picture. */
export async function made(file: File, preview: HTMLCanvasElement | undefined): Promise<Blob> {
	const picture = await createImageBitmap(file);
	try {
		const share = Math.min(1, SIDE / Math.max(picture.width, picture.height));
		const canvas = document.createElement('canvas');
		canvas.width = Math.max(1, Math.round(picture.width * share));
		canvas.height = Math.max(1, Math.round(picture.height * share));
		const on = canvas.getContext('2d');
		if (on === null) throw new TypeError('no canvas');
		on.drawImage(picture, 0, 0, canvas.width, canvas.height);
		preview?.getContext('2d')?.drawImage(canvas, 0, 0, preview.width, preview.height);
		return await new Promise((resolve, reject) => {
			canvas.toBlob((blob) => (blob === null ? reject(new TypeError('no picture')) : resolve(blob)), 'image/jpeg', 0.8);
		});
	} finally {
		picture.close();
	}
}

/** Sends it under `id`, so that a repeat sends no second one. */
export function send(photo: Blob, id: string, counter: boolean): Promise<Schemas['ObjectionPhotoView']> {
	const request = {
		params: { query: { id } },
		headers: { 'Content-Type': 'image/jpeg' },
		body: '',
		// As it is: read as text it would be another file.
		bodySerializer: () => photo,
	};
	return told(counter ? api.POST('/v1/objection-photos', request) : api.POST('/v1/public/objection-photos', request));
}
