import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest, ModelPackage } from '../contract/model.ts';
import { checkRates, incompatible } from '../inference/incompatible.ts';
import { maskedEmbedding } from '../inference/masked-embedding.ts';
import { openAtPooling } from '../inference/onnx-graph.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { type CheckedBytes, readChecked } from '../inference/weights.ts';
import { analyzeWindows } from '../offline/analyze-windows.ts';
import { solved } from '../offline/diarize.ts';
import { embedSpans } from '../offline/embed.ts';
import { type ReconstructContext, reconstructSteps } from '../offline/reconstructed-turns.ts';
import { PLDA_FILES, pyannoteSettings, readPlda } from '../stages/pyannote-settings.ts';
import type { Pipeline, Prepared } from './pipeline.ts';
import { noLiveSessions } from './recordings.ts';

/**
 * The pipeline of pyannote.audio's speaker-diarization-community-1: ten-second windows → local speakers → an embedding
 * of each in each window, by masked pooling → PLDA and VBx → reconstruction by the number of active speakers.
 * @throws `model-not-found` and `model-corrupt` for the PLDA files; `model-incompatible`.
 */
export async function preparePyannote(
  pack: ModelPackage,
  { bytes, warnings }: CheckedBytes,
  signal?: AbortSignal,
): Promise<Prepared> {
  const { manifest } = pack;
  const [transform, plda] = [
    await readPldaFile(pack, PLDA_FILES.transform, signal),
    await readPldaFile(pack, PLDA_FILES.plda, signal),
  ];
  const space = readPlda(transform.bytes, plda.bytes);
  const network = openAtPooling(bytes, pack.file);
  return {
    bytes: network.bytes,
    warnings: [...warnings, ...transform.warnings, ...plda.warnings],
    make: (_, model, segmentation) => {
      const embedding = maskedEmbedding(manifest, model, network);
      if (space.from !== embedding.part.dimensions) {
        throw incompatible(
          manifest,
          `its PLDA takes ${space.from} dimensions, but its network outputs ${embedding.head.to}`,
        );
      }
      const settings = pyannoteSettings(manifest);
      const part = partOf(manifest, segmentation);
      const frame = part.part.frameStep / part.part.sampleRate;
      const offset = part.part.frameStart / part.part.sampleRate;
      const step = Math.round(settings.step * part.part.sampleRate);
      return pipeline({ manifest, settings, space, frame, offset }, { segmentation: part, embedding, step });
    },
  };
}

function readPldaFile(pack: ModelPackage, name: string, signal?: AbortSignal): Promise<CheckedBytes> {
  return readChecked(pack, name, async () => {
    if (pack.readFile) return pack.readFile(name, signal);
    throw new VoiceFlowError(
      'model-not-found',
      `the package of ${pack.manifest.id} has no files other than its network`,
      { hint: `${name} is needed: implement readFile() in the package` },
    );
  });
}

function pipeline(context: ReconstructContext, model: Parameters<typeof analyzeWindows>[0]): Pipeline {
  const { manifest, space, frame } = context;
  const mean = Float32Array.from(space.before);
  return {
    dimensions: space.from,
    diarize: async (source, request) => {
      const outputs = await analyzeWindows(model, source, request);
      return solved(source, request, outputs, () =>
        reconstructSteps(context, outputs.local, outputs.duration, request),
      );
    },
    embed: async (source, segments, request) => {
      const { local, duration } = await analyzeWindows(model, source, request);
      return embedSpans({ mean, frame }, local, segments, duration);
    },
    open: noLiveSessions(manifest),
  };
}

function partOf(manifest: ModelManifest, segmentation: Segmentation | undefined): Segmentation {
  if (!segmentation) throw incompatible(manifest, 'it has no segmentation network');
  checkRates(manifest, segmentation.part.sampleRate, manifest.embedding?.sampleRate);
  return segmentation;
}
