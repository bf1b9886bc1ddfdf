/**
 * Adds metadata to an ONNX file. A model is a protobuf message, so repeated fields can be appended to its end:
 * `metadata_props` is field 14 of ModelProto, with messages { key: 1, value: 2 } (onnx.proto).
 */
export function withMetadata(model: Uint8Array, entries: Readonly<Record<string, string>>): Uint8Array {
  const added = Object.entries(entries).flatMap(([key, value]) =>
    field(14, [...field(1, utf8(key)), ...field(2, utf8(value))]),
  );
  const longer = new Uint8Array(model.byteLength + added.length);
  longer.set(model);
  longer.set(added, model.byteLength);
  return longer;
}

/** A length-delimited protobuf field. */
function field(number: number, bytes: readonly number[]): number[] {
  return [(number << 3) | 2, ...varint(bytes.length), ...bytes];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** The metadata of pyannote's segmentation-3.0 that sherpa-onnx reads (its export script writes them). */
export const SEGMENTATION_METADATA = {
  model_type: 'pyannote-segmentation-3.0',
  version: '1',
  num_speakers: '3',
  powerset_max_classes: '2',
  num_classes: '7',
  sample_rate: '16000',
  window_size: '160000',
  receptive_field_size: '991',
  receptive_field_shift: '270',
} as const;
