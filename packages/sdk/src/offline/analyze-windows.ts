import type { AudioSource } from '../contract/audio.ts';
import { InFlight } from '../inference/in-flight.ts';
import { type MaskedEmbedding, poolable, pooledVoice, voiceMask } from '../inference/masked-embedding.ts';
import { firstFrame, type Segmentation, segmentationRunner } from '../inference/segmentation.ts';
import { BinarizedRecording } from '../stages/binarized-recording.ts';
import { Fbank } from '../stages/fbank.ts';
import { copyRows, RowStore } from '../stages/row-store.ts';
import { modelProgress, readSource } from './read-source.ts';
import type { AnalyzeRequest, NetworkOutputs } from './types.ts';

/** The networks of the pyannote pipeline. */
interface WindowModel {
  readonly segmentation: Segmentation;
  readonly embedding: MaskedEmbedding;
  /** Samples between windows. */
  readonly step: number;
}

/** Minimum samples for an embedding in pyannote's network. */
const LEAST_SAMPLES = 400;

/**
 * Runs both networks on a source: each window goes through the segmentation network and, if it contains speech, once
 * through the embedding network, for all of its local speakers.
 * @throws `invalid-audio` for a source without samples.
 */
export async function analyzeWindows(
  { segmentation, embedding, step }: WindowModel,
  source: AudioSource,
  { signal, onProgress }: AnalyzeRequest,
): Promise<NetworkOutputs<BinarizedRecording>> {
  const { part, powerset } = segmentation;
  const { bins, dimensions } = embedding.part;
  const recording = new BinarizedRecording({
    frames: part.frames,
    slots: part.speakers,
    dimensions,
    startOf: (window) => firstFrame(part, window, step),
  });
  const least = Math.ceil((part.frames * LEAST_SAMPLES) / part.window);
  const features = new Fbank(embedding.part);
  const rows = new RowStore(bins, Float32Array);
  const rowsOfWindow = 1 + Math.floor((part.window - features.length) / features.step);
  const running = new InFlight();
  const embedWindow = async (window: number, active: Uint8Array) => {
    const from = Math.round((window * step) / features.step);
    const windowRows = copyRows(rows, [[from, from + rowsOfWindow]]);
    const pooled = await poolable(embedding, windowRows, signal);
    for (let slot = 0; slot < part.speakers; slot++) {
      const mask = voiceMask(active, part.speakers, slot, least);
      if (mask.includes(1))
        recording.voices.set(window * part.speakers + slot, pooledVoice(pooled, mask, embedding.head));
    }
  };
  const report = modelProgress(source, onProgress);
  const runner = segmentationRunner(segmentation, { step, signal }, async (window, scores) => {
    const active = Uint8Array.from(powerset.decisions(scores));
    recording.add(active);
    if (active.includes(1)) running.add(embedWindow(window, active));
    rows.forget(Math.floor(((window + 1) * step) / features.step));
    await running.settle(embedding.model.concurrency);
    report(((window + 1) * step) / part.sampleRate);
  });
  const push = (chunk: Float32Array) => features.push(chunk, (row) => rows.push(row));
  const both = {
    push: async (chunk: Float32Array) => {
      push(chunk);
      await runner.push(chunk);
    },
    end: async () => {
      // Features of the silence that pads the last window.
      push(new Float32Array(part.window));
      await runner.end();
      await running.settle(0);
    },
    settled: async () => {
      await runner.settled();
      await running.settled();
    },
  };
  return { local: recording, ...(await readSource(source, both, signal)) };
}
