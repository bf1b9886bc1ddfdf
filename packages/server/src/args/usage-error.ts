import { VoiceFlowError } from 'voiceflow-ml/core';

/** A program was called wrongly: it ends with exit code 2. */
export class UsageError extends VoiceFlowError {
  constructor(message: string, hint?: string) {
    super('invalid-option', message, { hint });
  }
}
