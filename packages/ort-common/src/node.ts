/** @module Starting workers on Node, Bun and Deno. */
export { spawnThread } from './spawn.ts';
