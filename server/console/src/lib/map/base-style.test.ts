import assert from 'node:assert/strict';
import { test } from 'node:test';

import { creditOf, layersOf, namesOf } from './base-style.ts';

const colour = (token: string) => token;

test('of a file of lines only what it has and what is known is drawn, water under roads', () => {
	const has = ['roads', 'places', 'water', 'buildings', 'pois'];
	const layers = layersOf('vector', has, colour, false);
	assert.deepEqual(
		layers.map((layer) => layer['source-layer']),
		['water', 'buildings', 'roads'],
	);
	assert.ok(layers.every(({ source, type }) => source === 'base' && type !== 'raster'));
	assert.deepEqual(layersOf('vector', [], colour, false), []);
});

test('pictures are dimmed on a dark page', () => {
	const [light] = layersOf('raster', [], colour, false);
	const [dark] = layersOf('raster', [], colour, true);
	assert.equal(light?.paint['raster-brightness-max'], undefined);
	assert.equal(dark?.paint['raster-brightness-max'], 0.5);
});

test('metadata that are not what they should be are nothing', () => {
	for (const odd of [null, undefined, 'x', 7, {}, { vector_layers: 'x', attribution: 7 }]) {
		assert.deepEqual(namesOf(odd), []);
		assert.equal(creditOf(odd), '');
	}
	assert.deepEqual(namesOf({ vector_layers: [{ id: 'water' }, null, { id: 7 }] }), ['water']);
});

test('whom the map is by is text, whatever the file holds', () => {
	const said = '<a href="https://www.openstreetmap.org/copyright" onclick="x()">&copy; OpenStreetMap</a> <b>contributors</b>';
	assert.equal(creditOf({ attribution: said }), '© OpenStreetMap contributors');
	assert.equal(creditOf({ attribution: 'x'.repeat(900) }).length, 200);
});
