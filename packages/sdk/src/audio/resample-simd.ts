import { type Bank, type Kernel, LANES } from './resample-kernel.ts';

const PAGE = 65_536;

/** The WebAssembly module of `resample-kernel.wat` in base64; a test checks that they match. */
export const MODULE =
  'AGFzbQEAAAABDQFgCX9/f39/f39/fwACCAEBYQFtAgABAwIBAAcFAQFyAAAK9gIB8wICA38KewJAA0AgAEUNASABIAZsIAhqIQogCiAGaiELIAFBBGwgB2ooAgAgAmohCSAMIQ4gDCEPIAwhECAMIREgDCESIAwhEyAMIRQgDCEVA0AgCf0JAgAhDSAOIA0gCv0ABAD95gH95AEhDiAPIA0gCv0ABBD95gH95AEhDyAJ/QkCBCENIBAgDSAK/QAEIP3mAf3kASEQIBEgDSAK/QAEMP3mAf3kASERIAn9CQIIIQ0gEiANIAr9AARA/eYB/eQBIRIgEyANIAr9AARQ/eYB/eQBIRMgCf0JAgwhDSAUIA0gCv0ABGD95gH95AEhFCAVIA0gCv0ABHD95gH95AEhFSAJQRBqIQkgCkGAAWohCiAKIAtJDQALIAMgDiAQ/eQBIBIgFP3kAf3kAf0LBAAgAyAPIBH95AEgEyAV/eQB/eQB/QsEECADQSBqIQMgAUEBaiEBIAEgBEYEQEEAIQEgAiAFaiECCyAAQQFrIQAMAAsLCw==';

let made: Kernel | null | undefined;

/** The kernel in WebAssembly SIMD, shared by all resamplers; null if the runtime lacks it or forbids compiling it. */
export function simdKernel(): Kernel | null {
  if (made === undefined) {
    try {
      made = createSimdKernel();
    } catch {
      // No WebAssembly, no SIMD, or forbidden by a policy: the scalar kernel gives the same samples.
      made = null;
    }
  }
  return made;
}

function createSimdKernel(): Kernel {
  const bytes = Uint8Array.from(atob(MODULE), (letter) => letter.charCodeAt(0));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { a: { m: memory } });
  const compute = instance.exports.r as (...parameters: number[]) => void;
  let floats = new Float32Array(memory.buffer);
  let loaded: Bank | undefined;

  /** Writes the bank to the start of the memory, and returns the index after it. */
  function load(bank: Bank, more: number): number {
    const { coefficients, offsets } = bank;
    const end = align(coefficients.length + offsets.length);
    const missing = 4 * (end + more) - memory.buffer.byteLength;
    if (missing > 0) {
      memory.grow(Math.ceil(missing / PAGE));
      floats = new Float32Array(memory.buffer);
    }
    if (loaded !== bank) {
      floats.set(coefficients);
      new Int32Array(memory.buffer).set(
        offsets.map((offset) => 4 * offset),
        coefficients.length,
      );
      loaded = bank;
    }
    return end;
  }

  return (bank, input, { origin, group, count }, output) => {
    const length = count * LANES;
    const inputAt = load(bank, align(input.length) + length);
    const outputAt = inputAt + align(input.length);
    floats.set(input, inputAt);
    const { rows, offsets, advance, coefficients } = bank;
    const sizes = [offsets.length, 4 * advance, 4 * rows * LANES, 4 * coefficients.length];
    compute(count, group, 4 * (inputAt + origin), 4 * outputAt, ...sizes, 0);
    output.set(floats.subarray(outputAt, outputAt + length));
  };
}

/** Rounds up to a multiple of a SIMD vector's length. */
function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}
