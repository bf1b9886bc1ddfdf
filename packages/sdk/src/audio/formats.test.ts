import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTAINER_BYTES, containerOf, describeBytes } from './formats.ts';

const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe('describeBytes', () => {
  it.each([
    ['', /empty/],
    ['<!DOCTYPE html><html>', /HTML page/],
    ['\n  <HTML lang="en">', /HTML page/],
    ['\xef\xbb\xbf<?xml version="1.0"?>', /XML/],
    ['{"error":"no such file"}', /JSON/],
    ['[1, 2]', /JSON/],
    ['hello, this is text', /plain text/],
    ['caf\xc3\xa9 au lait', /plain text/],
    ['SPEAKER meeting 1 0.5 2.0 <NA> <NA> A <NA> <NA>', /RTTM/],
    ['version https://git-lfs.github.com/spec/v1\n', /Git LFS/],
    ['UklGRiQAAABXQVZF', /base64/],
    ['data:audio/wav;base64,UklG', /data: URI/],
    ['PK\x03\x04\x14\0', /ZIP/],
    ['\x1f\x8b\x08', /gzip/],
    ['ID3\x04\0\0\0\0\0\0', /MP3/],
    ['\xff\xfb\x90\x64', /MP3/],
    ['\xff\xf3\x40\xc4', /MP3/],
    ['\xff\xfd\x90\x64', /MP2/],
    ['\xff\xf1\x50\x80', /AAC/],
    ['OggS\0\x02', /Ogg/],
    [`OggS\0\x02${'\0'.repeat(22)}OpusHead`, /Opus/],
    [`OggS\0\x02${'\0'.repeat(22)}\x01vorbis`, /Vorbis/],
    ['fLaC\0\0\0"', /FLAC/],
    ['\0\0\0\x1cftypM4A ', /M4A/],
    ['\0\0\0\x20ftypisom', /MP4/],
    ['\x1aE\xdf\xa3', /Matroska or WebM/],
    ['FORM\0\0\0\0AIFF', /AIFF/],
    ['FORM\0\0\0\0AIFC', /AIFF-C/],
    ['.snd\0\0\0\x18', /AU/],
    ['caff\0\x01', /CAF/],
    ['riff.\x91\xcf\x11', /Wave64/],
    ['wvpk', /WavPack/],
    [`${'x'.repeat(257)}ustar`, /tar/],
    ['#!AMR\n', /AMR/],
    ['MThd\0\0', /MIDI/],
    ['%PDF-1.7', /PDF/],
    ['\x89PNG\r\n\x1a\n', /PNG/],
    ['\xff\xd8\xff\xe0', /JPEG/],
    ['\x7fELF', /ELF/],
    ['RIFF\0\0\0\0AVI LIST', /AVI/],
    ['RIFF\0\0\0\0wave', /not WAVE/],
    ['RIF', /truncated/],
    ['RIFF\0\0', /truncated/],
    ['\0'.repeat(50), /zero bytes/],
    ['\xff'.repeat(50), /unknown data \(it begins with ff ff/],
    ['\x01\x02\x03', /unknown data \(it begins with 01 02 03\)/],
  ])('names %j', (text, name) => {
    const likeness = describeBytes(latin(text));
    expect(likeness.name).toMatch(name);
    expect(likeness.hint).not.toBe('');
  });
});

describe('containerOf', () => {
  it.each([
    ['RIFF\xff\xff\xff\xffWAVEfmt ', 'WAV recording'],
    ['RF64\xff\xff\xff\xffWAVE', 'WAV recording'],
    ['ID3\x04\0\0\0\0\0\0', 'MP3 recording'],
    ['OggS\0\x02\0\0\0\0\0\0', 'Ogg file'],
    ['\0\0\0\x1cftypM4A ', 'MPEG-4 audio (M4A)'],
    ['\x1aE\xdf\xa3\x01\0\0\0', 'Matroska or WebM file'],
    ['fLaC\0\0\0"', 'FLAC recording'],
  ])('detects %j, which samples do not begin with', (text, name) => {
    expect(containerOf(latin(text))).toBe(name);
  });

  it.each(['', 'RIF', '\xff\xfb\x90\x64\0\0\0\0\0\0\0\0', '\x1f\x8b\x08', '\x0bw', 'ID3\xff'])(
    'detects no container in %j',
    (text) => {
      expect(containerOf(latin(text))).toBeUndefined();
    },
  );

  it('detects no container in samples', () => {
    const samples = fc.uint8Array({ minLength: CONTAINER_BYTES, maxLength: CONTAINER_BYTES });
    fc.assert(
      fc.property(samples, (head) => containerOf(head) === undefined),
      { seed: 6, numRuns: 2000 },
    );
  });
});
