/** The reason codes Tilik ships, with their words and in their order, as the contract tells them (`npm run reasons`). */
import {
	BATCH_REFUSALS,
	APPEAL_DISMISSED,
	APPEAL_UPHELD,
	CLOSE_REASONS,
	DELIBERATION_REFUSALS,
	LETTER_REVOCATIONS,
	EVENT_DISMISSALS,
	EXCLUSION_REASONS,
	GRANT_REFUSALS,
	HEALTH_DISMISSALS,
	IMPORT_REFUSALS,
	REACTIVATION_REASONS,
	MOVE_RETURNS,
	OBJECTION_REJECTIONS,
	PLAN_EXCEPTIONS,
	PREPARED_DISMISSALS,
	PROPOSAL_REFUSALS,
	PROPOSAL_REJECTIONS,
	PROPOSAL_RETURNS,
	RETURN_REASONS,
	RULE_REFUSALS,
	VISIT_REASONS,
	type Reason,
} from './reasons.gen.ts';

export {
	BATCH_REFUSALS,
	APPEAL_DISMISSED,
	APPEAL_UPHELD,
	CLOSE_REASONS,
	DELIBERATION_REFUSALS,
	LETTER_REVOCATIONS,
	EVENT_DISMISSALS,
	HEALTH_DISMISSALS,
	REACTIVATION_REASONS,
	MOVE_RETURNS,
	EXCLUSION_REASONS,
	GRANT_REFUSALS,
	IMPORT_REFUSALS,
	OBJECTION_REJECTIONS,
	PLAN_EXCEPTIONS,
	PREPARED_DISMISSALS,
	PROPOSAL_REFUSALS,
	RETURN_REASONS,
	RULE_REFUSALS,
	PROPOSAL_REJECTIONS,
	PROPOSAL_RETURNS,
	VISIT_REASONS,
	type Reason,
};

/** Given by the server itself, never chosen. */
const BY_ITSELF: readonly Reason[] = [
	{ code: 'LATIHAN_DIULANG', label: 'Babak latihan baru dimulai' },
	{ code: 'BELUM_DIPERINGKAT', label: 'Desil belum diperingkat' },
	{ code: 'STATUS_BPJS_BELUM_ADA', label: 'Status BPJS orang ini belum ada; periksa dahulu di BPJS' },
	{ code: 'TANGGAL_NONAKTIF_BELUM_ADA', label: 'BPJS tidak menyebut tanggal nonaktif; periksa batas enam bulan' },
	{ code: 'SEGMEN_JKN_LAIN', label: 'Aktif di BPJS pada segmen lain' },
	{ code: 'GANTI_PENGURUS', label: 'Menunggu pengganti pengurus yang meninggal' },
	{ code: 'KEBERATAN_DITERIMA', label: 'Keberatan keluarga sebelumnya diterima' },
];

const words = new Map(
	[
		...BY_ITSELF,
		...BATCH_REFUSALS,
		...EVENT_DISMISSALS,
		...MOVE_RETURNS,
		...REACTIVATION_REASONS,
		...HEALTH_DISMISSALS,
		...APPEAL_UPHELD,
		...APPEAL_DISMISSED,
		...OBJECTION_REJECTIONS,
		...GRANT_REFUSALS,
		...PLAN_EXCEPTIONS,
		...RULE_REFUSALS,
		...PREPARED_DISMISSALS,
		...PROPOSAL_REFUSALS,
		...PROPOSAL_REJECTIONS,
		...PROPOSAL_RETURNS,
		...DELIBERATION_REFUSALS,
		...LETTER_REVOCATIONS,
		...CLOSE_REASONS,
		...IMPORT_REFUSALS,
		...RETURN_REASONS,
		...VISIT_REASONS,
		...EXCLUSION_REASONS,
	].map(({ code, label }) => [code, label]),
);

/** A code's words, or the code: a city's own list may be longer. */
export function reason(code: string): string {
	return words.get(code) ?? code;
}
