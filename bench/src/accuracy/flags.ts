import { VoiceFlowError } from 'voiceflow-ml/core';
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

/** `a.b=1,c=2` → `{ 'a.b': 1, c: 2 }`. @throws `invalid-option` for what is no number. */
export function parseSettings(text: string): Record<string, number> {
  const settings: Record<string, number> = {};
  for (const part of text.split(',').filter((item) => item !== '')) {
    const [path = '', value = ''] = part.split('=');
    if (path === '' || value.trim() === '' || !Number.isFinite(Number(value))) {
      throw new VoiceFlowError('invalid-option', `--set has "${part}"; path=number was expected`);
    }
    settings[path] = Number(value);
  }
  return settings;
}
