/** @module What both ONNX Runtime backends share. Private: bundled into them. */
export { messageOf, SessionError, toFailure } from './failure.ts';
export { checkFeeds } from './feeds.ts';
export { awaitGuard, createGuard } from './guard.ts';
export { inlineThread } from './inline.ts';
export { checkThreads } from './options.ts';
export { openPool, type PoolOptions } from './pool.ts';
export type { Failure, Reply, Request, Settings, Tensors } from './protocol.ts';
export { type OrtModule, openSession, type Session } from './session.ts';
export { type NodeWorker, nodeThread, type Thread, type ThreadOptions, type WebWorker, webThread } from './thread.ts';
