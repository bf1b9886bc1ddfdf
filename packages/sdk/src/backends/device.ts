import { invalidOption, VoiceFlowError } from '../contract/errors.ts';

/** Devices on which a network can run, with the names of ONNX Runtime's execution providers. */
const PROVIDERS = { cpu: 'cpu', webgpu: 'webgpu', cuda: 'cuda', coreml: 'coreml', directml: 'dml' } as const;

/** Device that runs the network. All but `cpu` depend on the machine, its drivers and the build of ONNX Runtime. */
export type Device = keyof typeof PROVIDERS;

/** Validates a device at run time. @throws `invalid-option`. */
export function checkDevice(device: unknown): Device {
  if (typeof device === 'string' && Object.hasOwn(PROVIDERS, device)) return device as Device;
  const names = Object.keys(PROVIDERS).join(', ');
  throw invalidOption(`device is ${JSON.stringify(device)}, expected one of ${names}`);
}

/**
 * ONNX Runtime's execution providers for a device. ONNX Runtime itself adds the CPU for operators that the device
 * lacks. If the CPU were listed here, it would also silently replace a device that is not available.
 */
export function providersOf(device: Device): readonly string[] {
  return [PROVIDERS[device]];
}

export function deviceError(device: Device, reason: string, hint = NATIVE_HINT): VoiceFlowError {
  return new VoiceFlowError('backend-unavailable', `the device ${device} cannot be used here: ${reason}`, { hint });
}

const NATIVE_HINT = 'omit `device` for the CPU, or check the drivers and what your build of onnxruntime-node supports';
