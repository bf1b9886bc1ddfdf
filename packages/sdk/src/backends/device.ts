import { VoiceFlowError } from '../contract/errors.ts';

/** Devices that a network can run on, and ONNX Runtime's names of what runs it there. */
const PROVIDERS = { cpu: 'cpu', webgpu: 'webgpu', cuda: 'cuda', coreml: 'coreml', directml: 'dml' } as const;

/** What runs the network. All but `cpu` depend on the machine, its drivers and the build of ONNX Runtime. */
export type Device = keyof typeof PROVIDERS;

/** For programs without types. @throws `invalid-option`. */
export function checkDevice(device: unknown): Device {
  if (typeof device === 'string' && Object.hasOwn(PROVIDERS, device)) return device as Device;
  const names = Object.keys(PROVIDERS).join(', ');
  throw new VoiceFlowError('invalid-option', `device is ${JSON.stringify(device)}; one of ${names} was expected`);
}

/**
 * ONNX Runtime's execution providers. It adds the CPU for operators that a device lacks; named here, the CPU would
 * also stand in silently for a device that is not there.
 */
export function providersOf(device: Device): readonly string[] {
  return [PROVIDERS[device]];
}

export function deviceError(device: Device, reason: string, hint = NATIVE_HINT): VoiceFlowError {
  return new VoiceFlowError('backend-unavailable', `the device ${device} cannot be used here: ${reason}`, { hint });
}

const NATIVE_HINT =
  'leave `device` out for the CPU, or check the drivers and what your build of onnxruntime-node supports';
