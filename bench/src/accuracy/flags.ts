import { VoiceFlowError } from '@voiceflow-ml/core';
import { type Flags, parseFlags } from '../args.ts';

/** Splits folders (words before the first flag) from flags. @throws `invalid-option` where there are no folders. */
export function parseWithFolders(
  args: readonly string[],
  kinds: Readonly<Record<string, 'string' | 'boolean'>>,
): { readonly folders: readonly string[]; readonly flags: Flags } {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const folders = first < 0 ? args : args.slice(0, first);
  const flags = parseFlags(first < 0 ? [] : args.slice(first), kinds);
  if (folders.length > 0) return { folders, flags };
  throw new VoiceFlowError('invalid-option', 'no folder was given', {
    hint: 'name folders of recordings before the flags',
  });
}
