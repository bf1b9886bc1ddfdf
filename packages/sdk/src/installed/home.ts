import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where pulled weights are kept: `VOICEFLOW_HOME`, else the user's cache as the platform has it
 * (`$XDG_CACHE_HOME/voiceflow` or `~/.cache/voiceflow`; `~/Library/Caches/voiceflow`; `%LOCALAPPDATA%\voiceflow\Cache`).
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

/** The folder that models are in: `VOICEFLOW_MODELS`, else `models` of the home. */
export function modelsFolder(env: Environment = process.env, home = voiceflowHome(env)): string {
  return env.VOICEFLOW_MODELS ? resolve(env.VOICEFLOW_MODELS) : join(home, 'models');
}

/** The folder of one version of a model below `models`; there only when all of its files are. */
export function modelFolder(
  models: string,
  { id, version }: { readonly id: string; readonly version: string },
): string {
  return join(models, id, version);
}
