/** The words of rules and of what they say. */
import type { Schemas } from '../api.ts';
import { chipOf } from '../labels.ts';

export const ruleChip = chipOf<Schemas['RuleState']>({
	draft: { word: 'Rancangan', tone: 'plain', shape: 'ring' },
	waiting: { word: 'Menunggu pengesahan', tone: 'info', shape: 'clock' },
	in_force: { word: 'Berlaku', tone: 'ok', shape: 'check' },
	superseded: { word: 'Digantikan', tone: 'plain', shape: 'swap' },
	refused: { word: 'Ditolak', tone: 'bad', shape: 'cross' },
});

export const preparedChip = chipOf<Schemas['PreparedState']>({
	waiting: { word: 'Menunggu', tone: 'warn', shape: 'clock' },
	proposed: { word: 'Diusulkan', tone: 'info', shape: 'half' },
	dismissed: { word: 'Tetap layak', tone: 'ok', shape: 'check' },
	obsolete: { word: 'Tidak berlaku lagi', tone: 'plain', shape: 'bar' },
});

export const eligibilityChip = chipOf<Schemas['EligibilityOutcome']>({
	eligible: { word: 'Layak', tone: 'ok', shape: 'check' },
	ineligible: { word: 'Tidak layak', tone: 'bad', shape: 'cross' },
	not_ranked: { word: 'Belum diperingkat', tone: 'info', shape: 'ring' },
	incomplete: { word: 'Belum lengkap', tone: 'warn', shape: 'half' },
});
