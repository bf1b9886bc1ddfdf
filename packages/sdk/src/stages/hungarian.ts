import { invalidOption } from '../contract/errors.ts';

/**
 * The one-to-one assignment of rows to columns with the smallest (or largest) total.
 *
 * Makes `min(rows, columns)` pairs, whatever their cost. If there are more rows than columns, the remaining rows get
 * −1. Ties are broken deterministically.
 *
 * O(min² · max) time, O(rows + columns) space: the Hungarian method by shortest augmenting paths with potentials
 * (Kuhn 1955; Jonker & Volgenant, Computing 38, 1987), as in SciPy's `linear_sum_assignment`.
 *
 * @param cost `[rows, columns]`, row-major, finite. @param maximize Take the largest total instead of the smallest.
 * @returns For each row, its column or −1.
 * @throws VoiceFlowError `invalid-option` for a cost that is not finite.
 */
export function assignment(
  cost: Float64Array,
  rows: number,
  columns: number,
  { maximize = false }: { readonly maximize?: boolean } = {},
): Int32Array {
  const bad = cost.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalidOption(`cost[${bad}] is ${cost[bad]}, expected a finite number`);
  const result = new Int32Array(rows).fill(-1);
  // The method adds one line of the short side at a time.
  const transposed = rows > columns;
  const owner = transposed
    ? solve(cost, columns, rows, 1, columns, maximize)
    : solve(cost, rows, columns, columns, 1, maximize);
  for (let long = 0; long < owner.length; long++) {
    const short = owner[long] ?? -1;
    if (short < 0) continue;
    if (transposed) result[long] = short;
    else result[short] = long;
  }
  return result;
}

/** For each line of the long side, the line of the short side that is assigned to it, or −1. */
function solve(
  cost: Float64Array,
  short: number,
  long: number,
  shortStride: number,
  longStride: number,
  maximize: boolean,
): Int32Array {
  const sign = maximize ? -1 : 1;
  const shortPotential = new Float64Array(short);
  const longPotential = new Float64Array(long);
  const owner = new Int32Array(long).fill(-1);
  const distance = new Float64Array(long);
  const previous = new Int32Array(long);
  const done = new Uint8Array(long);

  for (let start = 0; start < short; start++) {
    // Dijkstra over reduced costs from `start` to the nearest unassigned line of the long side.
    distance.fill(Number.POSITIVE_INFINITY);
    previous.fill(-1);
    done.fill(0);
    let line = start;
    let reached = 0;
    let last = -1;
    let free = -1;
    while (free < 0) {
      const offset = reached - shortPotential[line]!;
      let nearest = -1;
      let best = Number.POSITIVE_INFINITY;
      for (let j = 0; j < long; j++) {
        if (done[j]) continue;
        const value = sign * cost[line * shortStride + j * longStride]! + offset - longPotential[j]!;
        if (value < distance[j]!) {
          distance[j] = value;
          previous[j] = last;
        }
        const current = distance[j]!;
        // Among equally near lines, prefer an unassigned one: it ends the search.
        if (current < best || (current === best && owner[j] === -1 && owner[nearest] !== -1)) {
          best = current;
          nearest = j;
        }
      }
      reached = best;
      done[nearest] = 1;
      last = nearest;
      const next = owner[nearest]!;
      if (next < 0) free = nearest;
      else line = next;
    }
    // Update the potentials, so that reduced costs stay ≥ 0 and those of assigned pairs stay 0.
    shortPotential[start]! += reached;
    for (let j = 0; j < long; j++) {
      if (!done[j] || j === free) continue;
      const slack = reached - distance[j]!;
      longPotential[j]! -= slack;
      const line = owner[j]!;
      shortPotential[line]! += slack;
    }
    // Shift the assignments along the path that was found.
    for (let j = free; j >= 0; ) {
      const before = previous[j]!;
      owner[j] = before < 0 ? start : owner[before]!;
      j = before;
    }
  }
  return owner;
}
