/** A file name without the signs that a file name may not have. */
export function fileName(number: string): string {
	const plain = number.replaceAll(/[^0-9A-Za-z]+/g, '-').replaceAll(/^-|-$/g, '');
	return `surat-${plain === '' ? 'tanpa-nomor' : plain}.pdf`;
}
