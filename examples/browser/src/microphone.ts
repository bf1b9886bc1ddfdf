import type { LiveDiarization, LiveEvent } from 'voiceflow-ml';
import { diarizer } from './engine.ts';

/** Runs in the audio thread: hands samples over, a tenth of a second at a time. */
const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
  constructor() { super(); this.buffer = new Float32Array(Math.round(sampleRate / 10)); this.at = 0; }
  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.buffer[this.at++] = sample;
      if (this.at === this.buffer.length) { this.port.postMessage(this.buffer.slice()); this.at = 0; }
    }
    return true;
  }
})`;

export interface Listening {
  readonly sampleRate: number;
  /** What was heard so far, mono, in pieces. */
  readonly heard: readonly Float32Array[];
  /** Ends the session; the result is that of the whole of it. */
  stop(): Promise<LiveDiarization>;
}

/** Listens until `stop`. Events come as people speak. @throws where the microphone may not be used. */
export async function listen(onEvent: (event: LiveEvent) => void): Promise<Listening> {
  const loaded = await diarizer();
  const constraints = { channelCount: 1, echoCancellation: false, noiseSuppression: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  const context = new AudioContext();
  const module = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(module);
  URL.revokeObjectURL(module);
  const session = loaded.open({ sampleRate: context.sampleRate, keepUp: true });
  const heard: Float32Array[] = [];
  const tap = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
  tap.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
    heard.push(data);
    // Refused when a minute waits (`overloaded`): then the page cannot keep up, and this piece is left out.
    session.push(data).catch(() => {});
  };
  context.createMediaStreamSource(stream).connect(tap);
  const events = (async () => {
    for await (const event of session) onEvent(event);
  })();
  return {
    sampleRate: context.sampleRate,
    heard,
    async stop() {
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      const result = await session.end({ recluster: true });
      await events;
      return result;
    },
  };
}
