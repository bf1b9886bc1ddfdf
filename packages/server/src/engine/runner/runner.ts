import { type Diarizer, type Model, type ModelManifest, VoiceFlowError } from 'voiceflow-ml/core';
import {
  type LiveChannel,
  type LiveMessage,
  type LiveRequest,
  type Task,
  type TaskContext,
  type TaskReply,
  TEXT_TYPES,
} from '../engine.ts';
import { floatBytes, utf8 } from './bytes.ts';
import { openLive } from './live.ts';
import { type Form, isMultipart, parseMultipart } from './multipart.ts';
import { baseName, diarizeParams, embedParams, joinParams } from './params.ts';
import { inferTensors } from './tensors.ts';
import { type OpenAudio, WindowRunner } from './window.ts';

export interface RunnerParts {
  readonly manifest: ModelManifest;
  readonly diarizer: Diarizer;
  /** The network itself, for single windows; absent when the pipeline has several networks. */
  readonly model?: Model;
  readonly openAudio: OpenAudio;
  /** Opens a file on this machine in slices, if the runtime has files. */
  readonly openFile?: (path: string) => Promise<Blob>;
  /**
   * Whether live sessions that are behind real time run the network less often. Default: true. Must be false where the
   * clock stands still during work.
   */
  readonly keepUp?: boolean;
}

/** A form whose file may be a file on this machine, read in slices. */
interface RecordingForm extends Omit<Form, 'file'> {
  readonly file: Uint8Array | Blob;
}

/**
 * Limit for a recording: 32 channels at 48 kHz, 8 at 192 kHz. At this limit, decoding takes about as long as the
 * networks take for the same audio (`npm run attack -- cost`).
 */
const MAX_SAMPLES_PER_SECOND = 1_600_000;

/** Runs tasks with one diarizer: everything between the bytes of a request and the bytes of its response. */
export class TaskRunner {
  readonly #parts: RunnerParts;
  readonly #windows: WindowRunner | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#windows =
      parts.model === undefined
        ? undefined
        : new WindowRunner({ manifest: parts.manifest, model: parts.model, openAudio: parts.openAudio });
  }

  /** Bytes of one raw window. @throws `model-incompatible` when the model does not support single windows. */
  get windowBytes(): number {
    return this.#window().bytes;
  }

  /** @throws `VoiceFlowError` with the contract's codes. */
  async run(task: Task, body: Uint8Array<ArrayBuffer>, context: TaskContext): Promise<TaskReply> {
    if (task.kind === 'infer') return this.#window().run(task, body, context);
    if (task.kind === 'tensors') return this.#tensors(task, body, context);
    const form = await this.#form(task, body, context);
    const params = joinParams(task.params, form.fields);
    if ((form.file instanceof Blob ? form.file.size : form.file.length) === 0) {
      throw new VoiceFlowError('invalid-audio', 'the request has no audio: 0 bytes', {
        hint: 'Send the recording as the body, or as the part "file" of a form.',
      });
    }
    return task.kind === 'diarize'
      ? this.#diarize(task, form, params, context)
      : this.#embed(task, form.file, params, context);
  }

  open(request: LiveRequest, onMessage: (message: LiveMessage) => void): LiveChannel {
    const { diarizer, keepUp = true } = this.#parts;
    return openLive(diarizer, { ...request, keepUp }, onMessage);
  }

  async #form(task: Task, body: Uint8Array<ArrayBuffer>, context: TaskContext): Promise<RecordingForm> {
    if (task.file === undefined) {
      return isMultipart(task.contentType)
        ? parseMultipart(body, task.contentType, context.signal)
        : { file: body, filename: undefined, fields: {} };
    }
    const { openFile } = this.#parts;
    if (openFile === undefined) throw new VoiceFlowError('backend-unavailable', 'this worker cannot read files');
    return { file: await openFile(task.file), filename: undefined, fields: {} };
  }

  async #diarize(
    task: Task,
    { file, filename }: Pick<RecordingForm, 'file' | 'filename'>,
    params: Readonly<Record<string, string>>,
    context: TaskContext,
  ): Promise<TaskReply> {
    const { options, exclusive, uri } = diarizeParams(params);
    const result = await this.#parts.diarizer.diarize(file, { ...options, ...boundsOf(task, context) });
    const text = {
      json: () => JSON.stringify({ ...result.toJSON(), exclusive: exclusive ? result.exclusive() : undefined }),
      rttm: () => result.toRTTM(uri ?? baseName(filename)),
      srt: () => result.toSRT(),
      vtt: () => result.toVTT(),
    };
    const output = task.output === 'binary' ? 'json' : task.output;
    const { load: _, ...timings } = result.timings;
    return { contentType: TEXT_TYPES[output], body: utf8(text[output]()), timings, audioSeconds: result.duration };
  }

  async #embed(
    task: Task,
    file: Uint8Array | Blob,
    params: Readonly<Record<string, string>>,
    context: TaskContext,
  ): Promise<TaskReply> {
    const begin = performance.now();
    const options = { ...embedParams(params), ...boundsOf(task, context) };
    const [embedding] = await this.#parts.diarizer.embed(file, options);
    if (embedding === undefined) throw new VoiceFlowError('backend-failed', 'the pipeline returned no embedding');
    const timings = { total: performance.now() - begin };
    if (task.output === 'binary') {
      return { contentType: 'application/octet-stream', body: floatBytes(embedding.slice()), timings, audioSeconds: 0 };
    }
    const { id, version, space } = this.#parts.manifest;
    const json = JSON.stringify({ embedding: Array.from(embedding), space, model: { id, version, space }, timings });
    return { contentType: 'application/json', body: utf8(json), timings, audioSeconds: 0 };
  }

  async #tensors(task: Task, body: Uint8Array<ArrayBuffer>, context: TaskContext): Promise<TaskReply> {
    const { manifest } = this.#parts;
    const network = this.#window();
    const begin = performance.now();
    let model = 0;
    const { windows: audioSeconds, ...reply } = await inferTensors(body, task.headerLength, manifest, async (feeds) => {
      const { outputs, modelMs } = await network.runTensors(feeds, context.signal);
      model = modelMs;
      return outputs;
    });
    return { ...reply, timings: { model, total: performance.now() - begin }, audioSeconds };
  }

  #window(): WindowRunner {
    if (this.#windows !== undefined) return this.#windows;
    throw new VoiceFlowError(
      'model-incompatible',
      `the model ${this.#parts.manifest.id} does not support inference of single windows`,
      { hint: 'Serve the model fast-cnn, or use /v1/diarize.' },
    );
  }
}

function boundsOf({ maxSeconds }: Task, { signal, onProgress }: TaskContext) {
  return { limits: { maxSeconds, maxSamplesPerSecond: MAX_SAMPLES_PER_SECOND }, signal, onProgress };
}
