/**
 * A custom stage in the pipeline, between the network and the clustering. Audio outside the given regions (music on
 * hold, a jingle, what your own voice detector rejected) counts as silence, so it produces no speakers and no turns.
 *
 *   node examples/extend/stage.mjs recording.wav 10-60 75-120
 */
import { openAsBlob } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { createDiarizer, fastCnn as embedded } from 'voiceflow-ml';
import { analyze, diarize, fastCnnNetwork, fastCnnPipeline } from 'voiceflow-ml/stages';

/**
 * The stage: the network's output for each window, with silence outside the regions. Typed arrays in and out.
 * @param {import('voiceflow-ml/stages').LocalRecording} local
 * @param {readonly { start: number, end: number }[]} regions Seconds.
 * @param {number} frame Length of a frame in seconds.
 * @returns {import('voiceflow-ml/stages').LocalRecording}
 */
export function within(local, regions, frame) {
  const { windows, frames, slots, dimensions, hop } = local;
  const inside = (index) =>
    regions.some(({ start, end }) => (index + 0.5) * frame >= start && (index + 0.5) * frame < end);
  const mute = (window) =>
    local.activity(window).map((value, at) => (inside(local.startOf(window) + Math.floor(at / slots)) ? value : 0));
  const activities = Array.from({ length: windows }, (_, window) => mute(window));
  const speaks = (window, slot) => activities[window].some((value, at) => at % slots === slot && value > 0.5);
  const speakers = activities.map((_, window) => Array.from({ length: slots }, (_, slot) => speaks(window, slot)));
  return {
    windows,
    frames,
    slots,
    dimensions,
    hop,
    step: (window) => local.step(window),
    startOf: (window) => local.startOf(window),
    activity: (window) => activities[window],
    // A local speaker who speaks only outside the regions has no embedding.
    embedding: (window, slot) => (speakers[window][slot] ? local.embedding(window, slot) : undefined),
  };
}

/** The built-in pipeline with the added stage. @returns {import('voiceflow-ml').PipelineFactory} */
export const regionPipeline = (regions) => (manifest, model) => {
  const cnn = fastCnnNetwork(manifest, model);
  const analyzeRegions = async (source, request) => {
    const analysis = await analyze(cnn, source, request);
    return { ...analysis, local: within(analysis.local, regions, cnn.frame) };
  };
  return {
    ...fastCnnPipeline(manifest, model),
    diarize: (source, request) => diarize(() => cnn, analyzeRegions, source, request),
  };
};

/** A diarizer for the regions. The manifest's `pipeline` selects the pipeline by name. */
export function regionDiarizer(regions) {
  const model = { ...embedded, manifest: { ...embedded.manifest, pipeline: 'regions' } };
  return createDiarizer({ model, pipelines: { regions: regionPipeline(regions) } });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file = 'examples/audio/conversation.wav', ...spans] = process.argv.slice(2);
  const regions = spans.map((span) => span.split('-').map(Number)).map(([start, end]) => ({ start, end }));
  const diarizer = await regionDiarizer(regions.length > 0 ? regions : [{ start: 0, end: 30 }]);
  process.stdout.write((await diarizer.diarize(await openAsBlob(file))).toRTTM());
  await diarizer.close();
}
