import type { Channel } from './database.ts';

export type ToThread =
  | { readonly type: 'query'; readonly id: number; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly type: 'close' };

export type FromThread =
  | { readonly type: 'open' | 'closed' }
  | { readonly type: 'rows'; readonly id: number; readonly rows: unknown[] }
  | { readonly type: 'error'; readonly id: number; readonly message: string; readonly code?: string }
  | { readonly type: 'notify'; readonly channel: Channel; readonly payload: string }
  | { readonly type: 'failed'; readonly message: string };
