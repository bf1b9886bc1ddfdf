import { asImages } from './flat-convolutions.ts';
import { readGraph, withoutUnused, writeGraph } from './graph.ts';
import { maskSegments } from './segment-means.ts';

/**
 * Rewrites a network so that ONNX Runtime computes the same in less time: convolutions over time as convolutions of
 * images, and CAM++'s masks once for each segment. For networks of which nothing is known but their operations.
 * @returns The bytes as they are if the network has neither, or if they are no network.
 */
export function rewriteGraph(bytes: Uint8Array): Uint8Array {
  try {
    const graph = readGraph(bytes);
    if (!graph) return bytes;
    const { graph: masked, matrices } = maskSegments(graph);
    const changed = asImages(matrices.size > 0 ? withoutUnused(masked) : masked, matrices);
    return changed === graph ? bytes : writeGraph(withoutUnused(changed));
  } catch {
    // The backend says what is wrong with the bytes.
    return bytes;
  }
}
