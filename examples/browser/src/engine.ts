import { createDiarizer, type Diarizer, type Progress, VoiceFlowError } from 'voiceflow-ml';

export interface ListenOptions {
  readonly numSpeakers?: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

let loading: Promise<Diarizer> | undefined;

/** One diarizer for the page, loaded at its first use; the network runs in a worker. */
export function diarizer(): Promise<Diarizer> {
  loading ??= createDiarizer().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** VoiceFlow reads the file by slices where it knows its format; for the rest the browser decodes it as a whole. */
export async function diarizeFile(file: File, options: ListenOptions) {
  const loaded = await diarizer();
  options.signal.throwIfAborted();
  try {
    return await loaded.diarize(file, options);
  } catch (error) {
    if (!VoiceFlowError.isInstance(error) || error.code !== 'unsupported-format') throw error;
    const audio = await decode(file, error);
    return loaded.diarize(audio, options);
  }
}

/** Beyond this a browser would need gigabytes for the samples. */
const MOST_DECODED_BYTES = 200e6;
const SAMPLE_RATE = 16_000;

async function decode(file: File, unknown: VoiceFlowError) {
  if (file.size > MOST_DECODED_BYTES) throw unknown;
  try {
    const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
    const decoded = await context.decodeAudioData(await file.arrayBuffer());
    const channels = Array.from({ length: decoded.numberOfChannels }, (_, i) => decoded.getChannelData(i));
    const samples = new Float32Array(decoded.length);
    for (const channel of channels) mix(samples, channel, 1 / channels.length);
    return { samples, sampleRate: SAMPLE_RATE };
  } catch {
    throw unknown;
  }
}

function mix(into: Float32Array, channel: Float32Array, gain: number): void {
  channel.forEach((value, i) => {
    into[i] = (into[i] ?? 0) + value * gain;
  });
}
