/** Around what is new; the news themselves lie in `releases.ts`, which is fetched only for whom something is new. */

/** The newest version there. */
export const NEWEST = '2026.11.4';

export const news = {
	title: 'Apa yang baru',
	lead: 'Yang berubah untuk peran Anda, versi demi versi.',
	version: (version: string, day: string) => `Versi ${version}, ${day}`,
	badge: 'Baru',
	close: 'Mengerti',
	again: 'Dapat dibaca lagi di Akun saya, Apa yang baru.',
	none: 'Belum ada yang baru untuk peran Anda',
	noneText: 'Perubahan yang menyangkut peran Anda akan tertulis di sini.',
} as const;
