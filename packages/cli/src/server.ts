import { VoiceFlowClient } from '@voiceflow-ml/server/client';
import type { OptionSpecs } from './args/options.ts';
import { UsageError } from './errors.ts';

/** The options of every command that asks a server. */
export const SERVER_OPTIONS = {
  server: { kind: 'text', value: 'URL', help: 'the server (VOICEFLOW_SERVER; default http://127.0.0.1:8080)' },
} as const satisfies OptionSpecs;

/** The options of a submission. */
export const SUBMIT_OPTIONS = {
  speakers: { kind: 'integer', value: 'N', min: 1, max: 100, help: 'exactly so many voices' },
  min: { kind: 'integer', value: 'N', min: 1, max: 100, help: 'at least so many' },
  max: { kind: 'integer', value: 'N', min: 1, max: 100, help: 'at most so many' },
  exclusive: { kind: 'flag', help: 'one speaker at a time' },
  voices: { kind: 'flag', help: 'recognise the voices enrolled on the server' },
  priority: { kind: 'integer', value: 'N', min: 0, max: 100, help: 'before your other jobs (default 0)' },
} as const satisfies OptionSpecs;

export interface SubmitValues {
  readonly speakers?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly exclusive: boolean;
  readonly voices: boolean;
  readonly priority?: number | undefined;
}

/** The key comes from VOICEFLOW_API_KEY: arguments can be read by everybody on the machine. */
export function openServer(server: string | undefined): VoiceFlowClient {
  const url = server ?? process.env.VOICEFLOW_SERVER ?? 'http://127.0.0.1:8080';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError(`--server is "${url}", expected an address such as http://127.0.0.1:8080`);
  const { VOICEFLOW_API_KEY: key } = process.env;
  return new VoiceFlowClient({ url, key: key === '' ? undefined : key });
}

export function submitOptions({ speakers, min, max, exclusive, voices, priority }: SubmitValues) {
  return { numSpeakers: speakers, minSpeakers: min, maxSpeakers: max, exclusive, voices, priority };
}
