// One page in the browser: the server knows nothing of pages, and no page is made without a session.
export const ssr = false;
export const prerender = false;
