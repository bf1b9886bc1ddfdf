import type { Segment } from '../contract/segment.ts';
import { arrangeCues, blocksOf, type Cue, parseTiming, timestamp } from './cues.ts';
import { badLine, linesOf } from './text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00A0',
  lrm: '\u200E',
  rlm: '\u200F',
};

/**
 * Writes WebVTT with the speaker in a voice tag: `<v SPEAKER_00>text`. A cue without text shows its label. Cues are in
 * order of start, as the format requires; they may overlap.
 *
 * Source: W3C, WebVTT: The Web Video Text Tracks Format, 2019.
 */
export function toVtt(cues: Iterable<Cue>): string {
  const blocks = arrangeCues(cues).map(({ start, end, speaker, lines }) => {
    const text = protect(lines.join('\n') || speaker || '');
    return `\n${timestamp(start, '.')} --> ${timestamp(end, '.')}\n${speaker ? `<v ${protect(speaker)}>` : ''}${text}\n`;
  });
  return `WEBVTT\n${blocks.join('')}`;
}

/**
 * Reads WebVTT. Each voice tag gives a separate cue; other tags are removed, and character references are resolved.
 * Comments, styles, regions, identifiers and settings are skipped.
 *
 * @throws VoiceFlowError `invalid-option` with the line number for a missing header or invalid times.
 */
export function parseVtt(text: string): Cue[] {
  const all = linesOf(text, 'WebVTT');
  if (!/^WEBVTT(?:[ \t]|$)/.test(all[0] ?? '')) throw badLine('WebVTT', 0, all[0] ?? '', 'expected `WEBVTT`');
  // The header ends at the first blank line.
  const [header, ...blocks] = blocksOf(all);
  const inHeader = header?.lines.findIndex((line) => line.includes('-->')) ?? -1;
  if (inHeader >= 0)
    throw badLine('WebVTT', inHeader, header?.lines[inHeader] ?? '', 'expected a blank line before it');
  return blocks.flatMap(({ index, lines }) => {
    const at = lines.slice(0, 2).findIndex((line) => line.includes('-->'));
    // A block without times is skipped, as in the standard.
    if (at < 0) return [];
    const times = parseTiming('WebVTT', index + at, lines[at] ?? '', 'HH:MM:SS.mmm');
    return voicesOf(times, lines.slice(at + 1).join('\n'));
  });
}

function voicesOf(times: Segment, payload: string): Cue[] {
  // Odd indices of the split are the names.
  const parts = payload.split(/<v(?:\.[^ \t\n<>]*)?[ \t\n]([^<>]*)>/);
  const cues: Cue[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    const speaker = i === 0 ? '' : resolve(parts[i - 1] ?? '').trim();
    const text = resolve((parts[i] ?? '').replace(/<[^<>]*>/g, '')).trim();
    if (speaker !== '')
      cues.push(text === '' || text === speaker ? { ...times, speaker } : { ...times, speaker, text });
    else if (text !== '') cues.push({ ...times, text });
  }
  return cues;
}

function protect(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function resolve(text: string): string {
  return text.replace(/&(?:([a-z]{2,4})|#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6}));/g, (whole, name, decimal, hex) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
