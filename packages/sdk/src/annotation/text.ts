import { VoiceFlowError } from '../contract/errors.ts';

/** The lines of a text file: any line ends, no byte order mark. @throws `invalid-option` for what is no string. */
export function linesOf(text: string, format: string): string[] {
  if (typeof text !== 'string') {
    throw new VoiceFlowError('invalid-option', `${format}: received ${typeof text}, expected the text of a file`);
  }
  return (text.startsWith('\uFEFF') ? text.slice(1) : text).split(/\r\n|\r|\n/);
}

/** The error of every reader here: `invalid-option`, with the format, the line (from 1) and what was expected there. */
export function badLine(format: string, index: number, line: string, expected: string): VoiceFlowError {
  const shown = line.length > 60 ? `${line.slice(0, 57)}…` : line;
  return new VoiceFlowError('invalid-option', `${format} line ${index + 1} is ${JSON.stringify(shown)}: ${expected}`, {
    hint: `Check that the file is ${format}, or correct that line.`,
  });
}

// One way to match each digit: a line of a million digits takes no longer than any other.
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A plain decimal number, or NaN: `Number` alone takes '', '0x10' and 'Infinity' too. */
export function parseDecimal(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}
