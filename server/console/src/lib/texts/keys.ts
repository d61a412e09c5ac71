/** The palette and the list of shortcuts. */
export const keys = {
	shortcuts: 'Pintasan',
	shortcutsTitle: 'Pintasan papan tombol',
	singleOn: 'Pintasan satu huruf aktif',
	singleHint: 'Matikan bila pembaca layar atau pengenal suara memakai huruf yang sama. Ctrl+K, Enter, dan Esc tetap berlaku.',
	palette: 'Palet perintah',
	paletteLabel: 'Cari halaman atau tindakan',
	paletteButton: 'Cari perintah',
	pages: 'Halaman',
	acts: 'Tindakan',
	notFound: 'Tidak ditemukan',
	notFoundText: (query: string) => `Tidak ada halaman atau tindakan dengan kata “${query}”.`,
	names: {
		Escape: 'Esc',
		Enter: 'Enter',
		ArrowLeft: '←',
		ArrowRight: '→',
		ArrowUp: '↑',
		ArrowDown: '↓',
	},
} as const;
