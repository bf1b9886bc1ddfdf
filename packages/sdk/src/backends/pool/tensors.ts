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

/** Whether VoiceFlow supports the tensor type. */
export function isTensorType(type: string): type is Tensor['type'] {
  return Object.hasOwn(ARRAY_OF, type);
}

/** A dimension without a name: any size, independent of other dimensions. */
export const ANY = '?';

/**
 * Prepares tensors for another thread. Whole buffers are transferred. A part of a buffer is copied, so that nothing
 * else is detached, and so is shared memory, which ONNX Runtime does not accept on some runtimes.
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
  // Node's Buffer is a Uint8Array too, but its `slice` does not copy.
  return data instanceof Uint8Array ? new Uint8Array(data) : data.slice();
}
