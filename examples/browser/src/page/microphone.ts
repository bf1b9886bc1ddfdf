import { encodeWav } from 'voiceflow-ml/core';

/** Runs in the audio thread and posts the samples in blocks of a tenth of a second. */
const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
  constructor() { super(); this.buffer = new Float32Array(Math.round(sampleRate / 10)); this.at = 0; }
  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.buffer[this.at++] = sample;
      if (this.at === this.buffer.length) { this.port.postMessage(this.buffer); this.at = 0; }
    }
    return true;
  }
})`;

export interface Microphone {
  readonly sampleRate: number;
  /**
   * Calls `onSamples` with mono samples, in blocks of a tenth of a second, until `close`; and `onEnd` when the microphone
   * is unplugged or no longer permitted.
   */
  start(onSamples: (samples: Float32Array<ArrayBuffer>) => void, onEnd: () => void): void;
  close(): Promise<void>;
}

/** @throws Error when the microphone may not be used. */
export async function openMicrophone(): Promise<Microphone> {
  const constraints = { channelCount: 1, echoCancellation: false, noiseSuppression: false };
  let stream: MediaStream | undefined;
  let context: AudioContext;
  try {
    if (!navigator.mediaDevices) throw new Error('browsers allow microphones only on https and localhost');
    stream = await navigator.mediaDevices.getUserMedia({ audio: constraints });
    context = new AudioContext();
    const module = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
    await context.audioWorklet.addModule(module);
    URL.revokeObjectURL(module);
  } catch (error) {
    stopTracks(stream);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The microphone cannot be used: ${why}`);
  }
  return {
    sampleRate: context.sampleRate,
    start(onSamples, onEnd) {
      for (const track of stream.getTracks()) {
        track.onended = onEnd;
        // It may have been unplugged before; no event follows.
        if (track.readyState === 'ended') queueMicrotask(onEnd);
      }
      const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
      tap.port.onmessage = ({ data }: MessageEvent<Float32Array<ArrayBuffer>>) => onSamples(data);
      context.createMediaStreamSource(stream).connect(tap);
    },
    async close() {
      stopTracks(stream);
      await context.close().catch(() => {});
    },
  };
}

function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** The blocks of a recording, one after another, as a WAV file. */
export function wavOf(blocks: readonly Float32Array[], sampleRate: number): Blob {
  const all = new Float32Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return new Blob([encodeWav(all, sampleRate)], { type: 'audio/wav' });
}
