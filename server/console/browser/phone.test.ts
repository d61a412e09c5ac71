/** A lost phone. The last of all: its officer comes to no more houses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { as } from './kit.ts';

test('a lost phone is cut off by one button', async () => {
	await as('koordinator', async (desk) => {
		const { page } = desk;
		await desk.visit('/perangkat');
		await page.getByRole('button', { name: /^HP hilang:/ }).first().click();
		await page.getByRole('dialog').getByRole('button', { name: 'Laporkan hilang' }).click();
		await page.getByText(/dilaporkan hilang/).first().waitFor();
		const phones = await desk.get<{ revoked?: string | null }[]>('/v1/devices');
		assert.ok(phones.some(({ revoked }) => revoked === 'stolen'));
	});
});
