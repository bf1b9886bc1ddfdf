import { createDiarizer, type Diarizer, VoiceFlowError } from 'voiceflow-ml';
import type { Engine, FileOptions } from './page/engine.ts';

let loading: Promise<Diarizer> | undefined;

/** The page's only diarizer, loaded on first use. The network runs in a worker. */
function diarizer(): Promise<Diarizer> {
  loading ??= createDiarizer().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Runs the SDK in this browser. */
export const engine: Engine = {
  waiting: 'Loading the network …',

  /** The SDK reads formats that it supports in slices. The browser decodes any other file, as a whole. */
  async diarize(file, options) {
    const loaded = await diarizer();
    options.signal.throwIfAborted();
    try {
      return (await loaded.diarize(file, options)).toJSON();
    } catch (error) {
      if (!VoiceFlowError.isInstance(error) || error.code !== 'unsupported-format') throw error;
      return diarizeDecoded(loaded, file, options, error);
    }
  },

  async open(options) {
    const session = (await diarizer()).open({ ...options, keepUp: true });
    return {
      [Symbol.asyncIterator]: () => session[Symbol.asyncIterator](),
      push: (samples) => session.push(samples),
      end: async () => (await session.end({ recluster: true })).toJSON(),
      close: () => session.close(),
    };
  },
};

/** The decoded samples of a larger file would take gigabytes of memory. */
const MOST_DECODED_BYTES = 200e6;
const SAMPLE_RATE = 16_000;

async function diarizeDecoded(loaded: Diarizer, file: File, options: FileOptions, unknown: VoiceFlowError) {
  const channels = await decode(file, unknown);
  options.signal.throwIfAborted();
  return (await loaded.diarize({ samples: channels, sampleRate: SAMPLE_RATE }, options)).toJSON();
}

async function decode(file: File, unknown: VoiceFlowError): Promise<Float32Array[]> {
  if (file.size > MOST_DECODED_BYTES) throw unknown;
  try {
    const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
    const decoded = await context.decodeAudioData(await file.arrayBuffer());
    return Array.from({ length: decoded.numberOfChannels }, (_, i) => decoded.getChannelData(i));
  } catch {
    throw unknown;
  }
}
