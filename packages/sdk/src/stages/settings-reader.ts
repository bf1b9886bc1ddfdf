import { VoiceFlowError } from '../contract/errors.ts';
import { isObject } from '../contract/is-object.ts';
import type { ModelManifest } from '../contract/model.ts';

/** Numbers in a manifest: base64 of little-endian int16 values, which are multiplied by `scale`. */
export interface PackedNumbers {
  readonly scale: number;
  readonly data: string;
}

export function packNumbers(values: Float32Array): PackedNumbers {
  const most = values.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const scale = most > 0 ? most / 32767 : 1;
  const view = new DataView(new ArrayBuffer(values.length * 2));
  values.forEach((x, i) => {
    view.setInt16(i * 2, Math.round(x / scale), true);
  });
  let text = '';
  for (let i = 0; i < view.byteLength; i++) text += String.fromCharCode(view.getUint8(i));
  return { scale, data: btoa(text) };
}

function unpackNumbers({ scale, data }: PackedNumbers): Float32Array {
  const text = atob(data);
  const view = new DataView(new ArrayBuffer(text.length - (text.length % 2)));
  for (let i = 0; i < view.byteLength; i++) view.setUint8(i, text.charCodeAt(i));
  return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => view.getInt16(i * 2, true) * scale);
}

/** Reads and checks the settings of a manifest, one at a time. */
export class SettingsReader {
  readonly #manifest: ModelManifest;

  constructor(manifest: ModelManifest) {
    this.#manifest = manifest;
  }

  has(path: string): boolean {
    return this.#at(path) !== undefined;
  }

  number(path: string, least: number, most: number): number {
    const value = this.#at(path);
    if (typeof value === 'number' && value >= least && value <= most) return value;
    throw this.wrong(path, JSON.stringify(value) ?? 'absent', `a number from ${least} to ${most}`);
  }

  /** A number, or undefined if it is absent. */
  optional(path: string, least: number, most: number): number | undefined {
    return this.has(path) ? this.number(path, least, most) : undefined;
  }

  list(path: string): readonly unknown[] {
    const value = this.#at(path);
    if (Array.isArray(value)) return value;
    throw this.wrong(path, typeof value, 'a list of numbers');
  }

  packed(path: string): Float32Array {
    const value = this.#at(path);
    try {
      if (isObject(value) && typeof value.scale === 'number' && typeof value.data === 'string') {
        return unpackNumbers({ scale: value.scale, data: value.data });
      }
    } catch {
      // Not base64: the error below is thrown.
    }
    throw this.wrong(path, typeof value, '{ scale, data } with base64 data');
  }

  wrong(path: string, found: string, expected: string): VoiceFlowError {
    const { id, version } = this.#manifest;
    return new VoiceFlowError(
      'model-incompatible',
      `${id}@${version}: settings.${path} is ${found}, expected ${expected}`,
      { hint: 'use the manifest of these weights' },
    );
  }

  #at(path: string): unknown {
    let value: unknown = this.#manifest.settings;
    for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
    return value;
  }
}
