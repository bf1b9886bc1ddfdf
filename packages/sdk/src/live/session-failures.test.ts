import { describe, expect, it } from 'vitest';
import { VoiceFlowError } from '../contract/errors.ts';
import type { LiveOptions } from '../contract/live.ts';
import { createDiarizer } from '../diarizer.ts';
import { conversation, scriptedBackend, scriptedPackage } from '../stages/fixtures/scripted.ts';
import { audioOf, eventsOf, listen, liveCnn, open, RATE } from './fixtures/live.ts';

const samples = audioOf(conversation(2, 8, 5), 8);
const code = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => (VoiceFlowError.isInstance(error) ? error.code : String(error)),
  );

/** A promise to be settled from outside. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let settle = () => {};
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, open: () => settle() };
}

describe('the options of a session', () => {
  it.each<[Partial<Record<keyof LiveOptions, unknown>>, RegExp]>([
    [{ sampleRate: 7999 }, /sampleRate is 7999, .* from 8000 to 192000/],
    [{ sampleRate: 44_100.5 }, /sampleRate is 44100.5/],
    [{ sampleRate: '16000' }, /sampleRate is "16000"/],
    [{ sampleRate: undefined }, /sampleRate is undefined/],
    [{ latency: 0.4 }, /latency is 0.4, expected seconds from 0.5 to 5/],
    [{ latency: 5.1 }, /latency is 5.1/],
    [{ latency: Number.NaN }, /latency is NaN/],
    [{ step: 0.2 }, /step is 0.2/],
    [{ step: 1.5 }, /step is 1.5/],
    [{ latency: 0.5, step: 0.6 }, /step is 0.6, .* from 0.25 to 0.5/],
    [{ maxSpeakers: 0 }, /maxSpeakers is 0, expected a whole number from 1 to 100/],
    [{ maxSpeakers: 1.5 }, /maxSpeakers is 1.5/],
    [{ known: [{ name: 'a', embedding: Float32Array.of(1), space: 'other' }] }, /space/],
  ])('%o is rejected', (options, message) => {
    const call = () => open(liveCnn(), options as Partial<LiveOptions>);
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});

describe('a session that fails', () => {
  it('rejects a push with invalid samples as a whole, and continues', async () => {
    const whole = await eventsOf(open(liveCnn()), samples);
    const session = open(liveCnn());
    const { events, over } = listen(session);
    await session.push(samples.subarray(0, 9_000));
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
      expect(await code(session.push(Float32Array.of(0, bad)))).toBe('invalid-audio');
    }
    expect(await code(session.push([0] as unknown as Float32Array))).toBe('invalid-option');
    await session.push(samples.subarray(9_000));
    await session.end();
    await over;
    expect(events).toEqual(whole);
  });

  it('copies what is pushed', async () => {
    const whole = await eventsOf(open(liveCnn()), samples);
    const session = open(liveCnn());
    const { events, over } = listen(session);
    const own = samples.slice();
    const pushed = session.push(own);
    own.fill(0.5);
    await pushed;
    await session.end();
    await over;
    expect(events).toEqual(whole);
  });

  it('is closed after end and after close', async () => {
    const session = open(liveCnn());
    await session.push(samples);
    const { duration } = await session.end();
    expect(duration).toBe(8);
    expect(await code(session.push(samples))).toBe('closed');
    expect(await code(session.end())).toBe('closed');
    await session.close();
    await session.close();

    await using other = open(liveCnn());
    await other.close();
    expect(await code(other.push(samples))).toBe('closed');
    expect(await code(other.end())).toBe('closed');
    expect(await listen(other).over).toBeUndefined();
  });

  it('stops when its signal aborts: calls reject, events end with the error, and no run continues', async () => {
    for (const when of ['before', 'during', 'idle'] as const) {
      const stop = new AbortController();
      const running = gate();
      const wait = when === 'during' ? { before: () => running.promise } : {};
      if (when === 'before') {
        stop.abort();
        expect(() => open(liveCnn(), { signal: stop.signal })).toThrow(expect.objectContaining({ code: 'aborted' }));
        continue;
      }
      const session = open(liveCnn(wait), { signal: stop.signal });
      const { over } = listen(session);
      const pushed = session.push(samples);
      pushed.catch(() => {});
      if (when === 'idle') await pushed;
      const ended = when === 'during' ? session.end() : undefined;
      ended?.catch(() => {});
      stop.abort(new Error('enough'));
      expect(await code(over)).toBe('aborted');
      if (when === 'during')
        expect([await code(pushed), await code(ended as Promise<unknown>)]).toEqual(['aborted', 'aborted']);
      expect(await code(session.push(samples))).toBe('aborted');
      running.open();
      await session.close();
    }
  });

  it('reports a failure of the network to pushes, to the reader, and to later calls', async () => {
    const failing = liveCnn({
      before: (run) => {
        if (run === 3) throw new VoiceFlowError('backend-failed', 'the worker died');
        if (run > 3) throw new Error('must not be run');
      },
    });
    const session = open(failing);
    const { over } = listen(session);
    expect(await code(session.push(samples))).toBe('backend-failed');
    expect(await code(over)).toBe('backend-failed');
    expect(await code(session.push(samples))).toBe('backend-failed');
    expect(await code(session.end())).toBe('backend-failed');
    await session.close();
  });

  it('rejects audio while a minute is pending, and accepts it again later', async () => {
    const hold = gate();
    const session = open(liveCnn({ before: () => hold.promise }));
    const minute = new Float32Array(61 * RATE);
    const first = session.push(minute);
    expect(await code(session.push(samples))).toBe('overloaded');
    hold.open();
    await first;
    await session.push(samples);
    expect((await session.end()).duration).toBe(69);
  });

  it('can be closed while the network runs: pushes reject, the reader ends', async () => {
    const hold = gate();
    const session = open(liveCnn({ before: () => hold.promise }));
    const { events, over } = listen(session);
    const pushed = code(session.push(samples));
    const closed = session.close();
    hold.open();
    await closed;
    expect(await pushed).toBe('closed');
    await over;
    expect(events).toEqual([]);
  });

  it('keeps unread events when it is closed after its end', async () => {
    const whole = await eventsOf(open(liveCnn()), samples);
    const session = open(liveCnn());
    await session.push(samples);
    await session.end();
    await session.close();
    const { events, over } = listen(session);
    await over;
    expect(events).toEqual(whole);
  });

  it('reports why it was aborted, also after it is closed', async () => {
    const stop = new AbortController();
    const session = open(liveCnn(), { signal: stop.signal });
    await session.push(samples);
    stop.abort();
    await session.close();
    expect(await code(listen(session).over)).toBe('aborted');
  });

  it('ends for several readers at once, who share the events', async () => {
    const whole = await eventsOf(open(liveCnn()), samples);
    const session = open(liveCnn());
    const readers = [listen(session), listen(session), listen(session)];
    await session.push(samples);
    await session.end();
    await Promise.all(readers.map(({ over }) => over));
    expect(readers.reduce((sum, { events }) => sum + events.length, 0)).toBe(whole.length);
  });

  it('lets one reader stop and another continue', async () => {
    const whole = await eventsOf(open(liveCnn()), samples);
    const session = open(liveCnn());
    await session.push(samples);
    await session.end();
    const events = [];
    for await (const event of session) {
      events.push(event);
      if (events.length === 3) break;
    }
    for await (const event of session) events.push(event);
    expect(events).toEqual(whole);
  });
});

describe('sessions of a diarizer', () => {
  const parts = () => {
    const { manifest, model } = liveCnn();
    return { model: { ...scriptedPackage(), manifest }, backend: scriptedBackend({}, model) };
  };

  it('are dropped when it is closed, and cannot be opened afterwards', async () => {
    const diarizer = await createDiarizer(parts());
    const session = diarizer.open({ sampleRate: 8_000 });
    await session.push(new Float32Array(20_000));
    await diarizer.close();
    expect(await code(session.push(new Float32Array(10)))).toBe('closed');
    expect(() => diarizer.open({ sampleRate: 8_000 })).toThrow(expect.objectContaining({ code: 'closed' }));
  });

  it('have model, backend and warnings in their results', async () => {
    const warnings = [{ code: 'backend-fallback', message: 'slower' }] as const;
    const diarizer = await createDiarizer({ ...parts(), warnings });
    const session = diarizer.open({ sampleRate: 8_000 });
    const result = await session.end();
    expect(result.model).toEqual({ id: 'scripted', version: '1', space: 'scripted/1' });
    expect(result.backend).toBe('scripted');
    expect(result.warnings.map((warning) => warning.code)).toEqual(['backend-fallback', 'audio-silent']);
    await diarizer.close();
  });
});
