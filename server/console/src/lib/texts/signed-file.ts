/** A file that its maker signed, carried in by a person. */
export const signedFile = {
	hint: 'Paling besar 16 MB, paling lama empat hari sejak ditandatangani.',
	missing: 'Pilih berkasnya.',
	tooLarge: 'Berkas lebih besar dari 16 MB.',
	send: 'Kirim berkas',
} as const;
