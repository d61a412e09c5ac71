import { resolve } from 'node:path';

import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

// The route announcer of Kit has a style attribute; this hash allows that one string and nothing else.
const announcer = 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo=';

// `npm run dev` shows the pages of a running server: cookies and origin are the server's own.
const server = process.env.TILIK_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [
		sveltekit({
			adapter: adapter({ fallback: 'index.html', precompress: true }),
			csp: {
				mode: 'hash',
				directives: {
					'default-src': ['none'],
					'script-src': ['self'],
					'style-src': ['self'],
					'style-src-attr': ['unsafe-hashes', announcer],
					'img-src': ['self'],
					'font-src': ['self'],
					'connect-src': ['self'],
					'worker-src': ['self'],
					'base-uri': ['none'],
					'form-action': ['self'],
				},
			},
		}),
	],
	resolve: { alias: { 'tailwind-merge': resolve('src/lib/charts/no-tailwind.ts') } },
	server: {
		proxy: { '/v1': { target: server, headers: { origin: server } } },
	},
	build: { assetsInlineLimit: 0 },
});
