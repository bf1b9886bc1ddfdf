import type { Tensor } from '../../contract/backend.ts';
import type { Tensors } from './protocol.ts';

/** The typed array of each tensor type. */
export const ARRAY_OF = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** The tensor types that VoiceFlow carries. */
export function isTensorType(type: string): type is Tensor['type'] {
  return Object.hasOwn(ARRAY_OF, type);
}

/** A dimension without a name: any size, independent of others. */
export const ANY = '?';

/**
 * Tensors as they go to another thread: whole buffers are handed over, and what is only a part of a buffer
 * (or lies in shared memory, which ONNX Runtime refuses on some runtimes) is copied, so that nothing else is detached.
 */
export function pack(tensors: Tensors): { tensors: Tensors; transfer: ArrayBuffer[] } {
  const transfer = new Set<ArrayBuffer>();
  const packed: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const { buffer, byteLength } = tensor.data;
    const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    const owned = whole ? tensor : ({ ...tensor, data: copy(tensor.data) } as Tensor);
    packed[name] = owned;
    transfer.add(owned.data.buffer as ArrayBuffer);
  }
  return { tensors: packed, transfer: [...transfer] };
}

function copy(data: Tensor['data']): Tensor['data'] {
  // The `slice` of Node's Buffer, which is a Uint8Array too, does not copy.
  return data instanceof Uint8Array ? new Uint8Array(data) : data.slice();
}
