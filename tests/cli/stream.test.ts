/** `voiceflow stream`, from the built command. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeWav, type LiveEvent, parseRttm, type TurnEvent } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import { type Ended, ended } from '../processes.ts';
import { CONVERSATION, makePipe, scratchFolder, shellCode, start, TRUTH, voiceflow, whenRead } from './command.ts';

const root = scratchFolder();
/** 16 kHz, 16 bits, mono, after a header of 44 bytes. */
const pcm = readFileSync(CONVERSATION).subarray(44);
const SECOND = 32_000;

interface End {
  readonly type: 'end';
  readonly duration: number;
  readonly turns: readonly { start: number; end: number; speaker: string }[];
  readonly speakers: readonly { label: string; seconds: number; name?: string }[];
  readonly labels: Readonly<Record<string, string>>;
}

function parse({ stdout }: Ended): { events: LiveEvent[]; end: End } {
  const lines = stdout.trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line));
  return { end: events.pop(), events };
}

const finals = (events: readonly LiveEvent[]) =>
  events.filter((event): event is TurnEvent => event.type === 'turn-end' && event.end > event.start);

describe('voiceflow stream', () => {
  it('emits the same events for PCM on standard input and for a file', async () => {
    const piped = await voiceflow(['stream'], { input: pcm });
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    const { events, end } = parse(piped);
    expect(events[0]?.type).toBe('speaker');
    const told = finals(events);
    expect(told.length).toBeGreaterThan(20);
    expect(end).toMatchObject({ type: 'end', warnings: [], model: { id: 'fast-cnn' } });
    expect(end.duration).toBeCloseTo(pcm.length / SECOND, 2);
    expect(end.speakers.every((speaker) => !('embedding' in speaker) && speaker.seconds > 0)).toBe(true);
    for (const { speaker } of told) expect(Object.keys(end.labels)).toContain(speaker);

    const [truth] = parseRttm(readFileSync(TRUTH, 'utf8'));
    const { total } = scoreDiarization(truth?.turns ?? [], end.turns);
    expect(total.der).toBeLessThan(40);

    const raw = join(root, 'conversation.pcm');
    writeFileSync(raw, pcm);
    const file = parse(await voiceflow(['stream', '-i', raw, '--rate', '16000', '--encoding', 's16le']));
    expect(file.events).toEqual(events);
    const wav = parse(await voiceflow(['stream', '--input', CONVERSATION]));
    expect(wav.events).toEqual(events);
    // A WAV on standard input is read as one, whatever the options say of PCM; another container is refused.
    const header = parse(await voiceflow(['stream', '--rate', '48000'], { input: readFileSync(CONVERSATION) }));
    expect(header.events).toEqual(events);
    const ogg = await voiceflow(['stream'], { input: Buffer.concat([Buffer.from('OggS\0'), pcm]) });
    expect(ogg).toMatchObject({ stdout: '', stderr: expect.stringContaining('Ogg') });
    expect(ogg.code).not.toBe(0);
  });

  it('has the warnings about a recording in its last line', async () => {
    const cut = join(root, 'cut.wav');
    writeFileSync(cut, readFileSync(CONVERSATION).subarray(0, 44 + 4 * SECOND));
    expect(parse(await voiceflow(['stream', '-i', cut])).end).toMatchObject({
      warnings: [{ code: 'audio-truncated' }],
    });
  });

  it('accepts float samples at another rate, and applies its options', async () => {
    const floats = Buffer.alloc((pcm.length / 2) * 4);
    for (let i = 0; i < pcm.length / 2; i++) floats.writeFloatLE(pcm.readInt16LE(2 * i) / 32_768, 4 * i);
    const args = [
      'stream',
      '-e',
      'f32le',
      '-r',
      '16000',
      '--latency',
      '3',
      '--step',
      '0.5',
      '--max',
      '2',
      '--recluster',
    ];
    const { end, events } = parse(await voiceflow(args, { input: floats }));
    expect(end.speakers.length).toBeLessThanOrEqual(2);
    expect(finals(events).length).toBeGreaterThan(10);
  });

  it('re-diarizes the whole audio with another model at the end, and rejects a missing one before it starts', async () => {
    const { end, events } = parse(await voiceflow(['stream', '--recluster-with', 'fast-cnn'], { input: pcm }));
    expect(end).toMatchObject({ model: { id: 'fast-cnn' }, warnings: [] });
    expect(Object.keys(end.labels).sort()).toEqual(
      [...new Set(events.flatMap((event) => (event.type === 'speaker' ? [event.speaker] : [])))].sort(),
    );
    const missing = await voiceflow(['stream', '--recluster-with', 'acurate', '-i', CONVERSATION]);
    expect([missing.code, missing.stdout]).toEqual([2, '']);
    expect(missing.stderr).toContain('Did you mean accurate?');
  });

  // Two signals at once may be taken by two threads, so either can be the first.
  it.each([
    ['Ctrl-C', ['SIGINT'], [130]],
    ['two signals at once', ['SIGINT', 'SIGTERM'], [130, 143]],
  ] as const)('ends with the last events and the result on %s', async (_, signals, codes) => {
    const child = start(['stream']);
    const end = ended(child);
    let written = '';
    const began = new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: string) => {
        written += text;
        if (written.includes('turn-start')) resolve();
      });
    });
    child.stdin?.write(pcm.subarray(0, 3 * SECOND));
    await began;
    for (const signal of signals) child.kill(signal);
    const result = await end;
    expect(codes).toContain(shellCode(result));
    expect(result.stderr).toBe('');
    const { end: last, events } = parse(result);
    expect(last.type).toBe('end');
    const open = new Set<string>();
    for (const event of events) {
      if (event.type === 'turn-start') open.add(event.turn);
      if (event.type === 'turn-end') open.delete(event.turn);
    }
    expect([...open]).toEqual([]);
    expect(last.turns.length).toBeGreaterThan(0);
  });

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130, []],
    ['SIGTERM', 143, ['--rate', '16000']],
  ] as const)('ends with a result on %s before there is audio (Unix only: mkfifo)', async (signal, code, options) => {
    const pipe = makePipe(join(root, `${signal}.pipe`));
    const child = start(['stream', '-i', pipe, ...options]);
    const end = ended(child);
    const close = await whenRead(pipe);
    child.kill(signal);
    const result = await end;
    close();
    expect(result.stderr).toBe('');
    expect(shellCode(result)).toBe(code);
    expect(parse(result)).toMatchObject({ events: [], end: { type: 'end', duration: 0, turns: [] } });
  });

  it('emits the same events in real time, and ends on Ctrl-C', async () => {
    const short = join(root, 'short.wav');
    const samples = Float32Array.from({ length: 4 * 16_000 }, (_, i) => pcm.readInt16LE(2 * i) / 32_768);
    writeFileSync(short, encodeWav(samples, 16_000));
    const paced = parse(await voiceflow(['stream', '-i', short, '--realtime']));
    expect(paced.events).toEqual(parse(await voiceflow(['stream', '-i', short])).events);
    expect(paced.end.duration).toBe(4);
    const child = start(['stream', '-i', CONVERSATION, '--realtime']);
    const end = ended(child);
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const result = await end;
    expect(shellCode(result)).toBe(130);
    expect(result.stderr).toBe('');
    expect(parse(result).end.duration).toBeLessThan(pcm.length / SECOND);
  });

  it.each([
    ['a file', ['-i', CONVERSATION]],
    ['standard input, which still has bytes', []],
  ])('ends without an error when the reader of its output closes the pipe: %s', async (_, input) => {
    const child = start(['stream', ...input]);
    const end = ended(child);
    for (let i = 0; i < 10 && input.length === 0; i++) child.stdin?.write(pcm);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await end).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    [['stream', 'meeting.wav'], 2, /unexpected argument "meeting\.wav"\. Give the file with --input/],
    [['stream', '--latency', '0.3'], 2, /--latency/],
    [['stream', '--latency', '0.5', '--step', '0.8'], 2, /--step is 0\.8, expected at most --latency \(0\.5\)/],
    [['stream', '--rate', '7000'], 2, /--rate/],
    [['stream', '--encoding', 's24le'], 2, /--encoding/],
    [['stream', '-i', '/nowhere.wav'], 1, /nowhere.wav: cannot be read: no such file/],
    [['stream', '-i', TRUTH], 1, /unsupported-format/],
  ] as const)('%j is rejected', async (args, code, message) => {
    const result = await voiceflow(args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('rejects non-finite samples', async () => {
    const floats = Buffer.alloc(4);
    floats.writeFloatLE(Number.NaN);
    const result = await voiceflow(['stream', '-e', 'f32le'], { input: floats });
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/invalid-audio/);
  });
});
