import { flag, integer, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import { VoiceFlowClient } from '@voiceflow-ml/server/client';
import { COUNT_OPTIONS, speakerCounts } from './diarizer.ts';

/** The options of every command that calls a server. */
export const SERVER_OPTIONS = {
  server: text('URL', 'address of the server (VOICEFLOW_SERVER; default http://127.0.0.1:8080)'),
};

export const SUBMIT_OPTIONS = {
  ...COUNT_OPTIONS,
  exclusive: flag('one speaker at a time'),
  voices: flag('name the speakers whose voices are enrolled on the server'),
  priority: integer([-100, 100], 'N', 'jobs with a higher priority run before your other jobs (default 0)'),
};

/** The key comes from VOICEFLOW_API_KEY, because every user of the machine can see a process's arguments. */
export function openServer(server: string | undefined): VoiceFlowClient {
  const url = server ?? process.env.VOICEFLOW_SERVER ?? 'http://127.0.0.1:8080';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError(`--server is "${url}", expected an address such as http://127.0.0.1:8080`);
  const { VOICEFLOW_API_KEY: key } = process.env;
  return new VoiceFlowClient({ url, key: key === '' ? undefined : key });
}

/** @throws UsageError for numbers of speakers that contradict each other. */
export function submitOptions({ exclusive, voices, priority, ...counts }: Values<typeof SUBMIT_OPTIONS>) {
  return { ...speakerCounts(counts), exclusive, voices, priority };
}

/** The file ID in RTTM for a recording's name: as the server accepts it, up to 200 printable characters. */
export function uriOf(name: string): string | undefined {
  const uri = name.slice(0, 200).replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '_');
  return uri.trim() === '' ? undefined : uri;
}
