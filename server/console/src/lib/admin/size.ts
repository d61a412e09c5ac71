/** Sizes of files in Indonesian numbers. */
const format = new Intl.NumberFormat('id-ID', { maximumFractionDigits: 1 });

/** `820 B`, `4,2 KB`, `64 MB`. */
export function fileSize(bytes: number): string {
	if (bytes < 1_024) return `${format.format(bytes)} B`;
	if (bytes < 1_024 * 1_024) return `${format.format(bytes / 1_024)} KB`;
	return `${format.format(bytes / 1_024 / 1_024)} MB`;
}
