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

export interface MicrophoneEvents {
  /** Mono samples, in blocks of a tenth of a second. */
  samples(block: Float32Array<ArrayBuffer>): void;
  /** Whether samples no longer arrive, for example during a telephone call or without an audio device. */
  stalled(now: boolean): void;
  /** The microphone was unplugged or is no longer permitted. */
  ended(): void;
}

export interface Microphone {
  readonly sampleRate: number;
  /** Reports events until `close`. */
  start(events: MicrophoneEvents): void;
  close(): Promise<void>;
}

/** Without samples for so long, the microphone is stalled. */
const STALLED_MS = 3000;
const LOOK_MS = 500;

/** What the errors of browsers mean; their own messages seldom say what to do. */
const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'the browser refuses it. Permit it in the settings of this page',
  NotFoundError: 'none was found. Connect one',
  NotReadableError: 'it cannot be read. Another program may be using it',
};

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
    const why = error instanceof Error ? (REASONS[error.name] ?? error.message) : String(error);
    throw new Error(`The microphone cannot be used: ${why}`);
  }
  let watch: ReturnType<typeof setInterval> | undefined;
  return {
    sampleRate: context.sampleRate,
    start(events) {
      for (const track of stream.getTracks()) {
        track.onended = () => events.ended();
        // It may have been unplugged before; no event follows.
        if (track.readyState === 'ended') queueMicrotask(() => events.ended());
      }
      const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
      const stall = stallWatch(events);
      tap.port.onmessage = ({ data }: MessageEvent<Float32Array<ArrayBuffer>>) => {
        stall(true);
        events.samples(data);
      };
      context.createMediaStreamSource(stream).connect(tap);
      // Browsers suspend a context that was made too long after the click, and during telephone calls.
      const look = () => {
        if (context.state !== 'running') context.resume().catch(() => {});
        stall(false);
      };
      look();
      watch = setInterval(look, LOOK_MS);
    },
    async close() {
      clearInterval(watch);
      stopTracks(stream);
      await context.close().catch(() => {});
    },
  };
}

/** @returns To be called with whether samples have arrived; reports when they stop to, and when they do again. */
function stallWatch(events: MicrophoneEvents): (arrived: boolean) => void {
  let last = performance.now();
  let stalled = false;
  return (arrived) => {
    if (arrived) last = performance.now();
    const now = performance.now() - last > STALLED_MS;
    if (now !== stalled) events.stalled(now);
    stalled = now;
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
