import { VoiceFlowError } from 'voiceflow-ml/core';

/** A program was called with wrong arguments. It ends with exit code 2. */
export class UsageError extends VoiceFlowError {
  constructor(message: string, hint?: string) {
    super('invalid-option', message, { hint });
  }
}
