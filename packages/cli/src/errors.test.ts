import { UsageError } from '@voiceflow-ml/server/args';
import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { explain, explainSystemError, FileError, isAbort } from './errors.ts';

describe('explain', () => {
  it('prints the location, the cause and the hint on one line', () => {
    const error = new VoiceFlowError('unsupported-format', 'the bytes look like HTML', { hint: 'look at the page.' });
    expect(explain(error, 'a\nb\u001b[2J.wav')).toBe(
      'a b\ufffd[2J.wav: the bytes look like HTML [unsupported-format]. Look at the page.',
    );
    expect(explain(new UsageError('no FILE', 'See --help'))).toBe('no FILE. See --help.');
    expect(explain(new FileError('two\r\n\tlines'))).toBe('two lines.');
  });

  it('reports any other error as an internal error', () => {
    expect(explain(new TypeError('x is undefined'))).toMatch(
      /^internal error: x is undefined\. Please report this bug.*VOICEFLOW_DEBUG=1.*\.$/,
    );
    expect(explain('text')).toMatch(/^internal error: text\./);
    expect(explain(undefined)).toMatch(/^internal error: undefined\./);
  });
});

describe('explainSystemError', () => {
  it('describes common error codes, and keeps the message of others', () => {
    expect(explainSystemError(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe('no space left on the device');
    expect(explainSystemError(Object.assign(new Error('EXYZ: odd'), { code: 'EXYZ' }))).toBe('EXYZ: odd');
  });
});

describe('isAbort', () => {
  it('is true only for aborts', () => {
    expect(isAbort(new VoiceFlowError('aborted', 'x'))).toBe(true);
    expect(isAbort(new DOMException('x', 'AbortError'))).toBe(true);
    expect(isAbort(new VoiceFlowError('closed', 'x'))).toBe(false);
    expect(isAbort(new Error('x'))).toBe(false);
  });
});
