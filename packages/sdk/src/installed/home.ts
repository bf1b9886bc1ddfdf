import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder for pulled weights: `VOICEFLOW_HOME`, else the user's cache folder of the platform
 * (`$XDG_CACHE_HOME/voiceflow` or `~/.cache/voiceflow`; `~/Library/Caches/voiceflow`;
 * `%LOCALAPPDATA%\voiceflow\Cache`).
 */
export function voiceflowHome(
  env: Environment = process.env,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  if (env.VOICEFLOW_HOME) return resolve(env.VOICEFLOW_HOME);
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'voiceflow');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'voiceflow');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'voiceflow', 'Cache');
  return join(home, '.cache', 'voiceflow');
}

/** The models folder: `VOICEFLOW_MODELS`, else `models` in `voiceflowHome()`. */
export function modelsFolder(env: Environment = process.env): string {
  return env.VOICEFLOW_MODELS ? resolve(env.VOICEFLOW_MODELS) : join(voiceflowHome(env), 'models');
}

/** The folder of one version of a model in `models`. It exists only if all of its files are complete. */
export function modelFolder(
  models: string,
  { id, version }: { readonly id: string; readonly version: string },
): string {
  return join(models, id, version);
}
