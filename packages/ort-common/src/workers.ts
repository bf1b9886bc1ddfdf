import { VoiceFlowError } from '@voiceflow-ml/core';

/** More threads than any machine has use for; a typo must not start a million. */
const MAX_WORKERS = 256;

/** @throws `invalid-option` unless `workers` is a whole number of 1–256. */
export function checkWorkers(workers: number): number {
  if (Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS) return workers;
  throw new VoiceFlowError('invalid-option', `workers is ${workers}: a whole number of 1–${MAX_WORKERS} is expected`, {
    hint: 'leave it out for a number that suits the machine',
  });
}
