import { seededRandom } from '../../packages/sdk/src/contract/random.ts';

/** In meters. */
export type Point = readonly [x: number, y: number, z: number];

const SPEED_OF_SOUND = 343;
/** Taps of the windowed sinc filter that places an echo between two samples. */
const SINC_TAPS = 32;

export interface Room {
  readonly size: Point;
  readonly microphone: Point;
  /** Share of the sound pressure that a wall reflects, 0–1. */
  readonly reflection: number;
  /** Length of the response in seconds. */
  readonly seconds: number;
}

/**
 * Impulse response from a seat to the microphone: mirror images of the seat in the six walls (Allen & Berkley 1979),
 * each shifted slightly (seeded) because the regular echoes of a perfect box would ring. Scaled so that the direct
 * sound is 1.
 * @returns the response, and the index of the direct sound in it.
 */
export function impulseResponse(room: Room, seat: Point, sampleRate: number, seed: number) {
  const next = seededRandom(seed);
  const length = Math.ceil(room.seconds * sampleRate);
  const response = new Float64Array(length + SINC_TAPS);
  const reach = room.seconds * SPEED_OF_SOUND;
  const orders = room.size.map((side) => Math.ceil(reach / (2 * side)) + 1);
  const direct = distance(seat, room.microphone);
  for (let nx = -at(orders, 0); nx <= at(orders, 0); nx++) {
    for (let ny = -at(orders, 1); ny <= at(orders, 1); ny++) {
      for (let nz = -at(orders, 2); nz <= at(orders, 2); nz++) {
        for (let mirror = 0; mirror < 8; mirror++) {
          const n = [nx, ny, nz];
          const image = seat.map((s, k) => {
            const flipped = (mirror >> k) & 1;
            return (flipped ? -s : s) + 2 * at(n, k) * at(room.size, k);
          });
          const bounces = n.reduce((sum, order, k) => sum + Math.abs(2 * order - ((mirror >> k) & 1)), 0);
          const jitter = bounces === 0 ? 0 : (next() - 0.5) * 0.08;
          const path = distance(image, room.microphone) + jitter;
          const arrival = (path / SPEED_OF_SOUND) * sampleRate;
          if (arrival >= length) continue;
          placeEcho(response, arrival, (direct / path) * room.reflection ** bounces);
        }
      }
    }
  }
  return { response, directAt: Math.round((direct / SPEED_OF_SOUND) * sampleRate) };
}

function placeEcho(response: Float64Array, arrival: number, gain: number): void {
  const first = Math.ceil(arrival - SINC_TAPS / 2);
  for (let i = Math.max(0, first); i < Math.min(response.length, first + SINC_TAPS); i++) {
    const t = i - arrival;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * t) / SINC_TAPS);
    response[i] = at(response, i) + gain * sinc * window;
  }
}

/** Convolves `signal` with `response` and adds the result, times `gain`, to `out` from `offset` on. */
export function addThrough(
  response: Float64Array,
  signal: Float64Array,
  out: Float64Array,
  offset: number,
  gain: number,
): void {
  for (let i = 0; i < signal.length; i++) {
    const sample = at(signal, i) * gain;
    if (sample === 0) continue;
    const count = Math.min(response.length, out.length - offset - i);
    const target = out.subarray(offset + i, offset + i + count);
    for (let k = 0; k < count; k++) target[k] = (target[k] as number) + sample * (response[k] as number);
  }
}

/** Seeded pink noise (Voss's octave bands after Kellet's filter) of RMS 1: the background noise of a quiet room. */
export function pinkNoise(length: number, seed: number): Float64Array {
  const next = seededRandom(seed);
  const out = new Float64Array(length);
  let [b0, b1, b2] = [0, 0, 0];
  let power = 0;
  for (let i = 0; i < length; i++) {
    const white = next() * 2 - 1;
    b0 = 0.99765 * b0 + white * 0.099046;
    b1 = 0.963 * b1 + white * 0.2965164;
    b2 = 0.57 * b2 + white * 1.0526913;
    const value = b0 + b1 + b2 + white * 0.1848;
    out[i] = value;
    power += value * value;
  }
  const scale = 1 / Math.sqrt(power / length);
  return out.map((value) => value * scale);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(at(a, 0) - at(b, 0), at(a, 1) - at(b, 1), at(a, 2) - at(b, 2));
}

/** An element that is known to exist. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
