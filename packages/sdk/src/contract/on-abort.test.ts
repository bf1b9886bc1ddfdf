import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { onAbort } from './on-abort.ts';

it('calls all remaining callbacks, in order, each once, through one listener', () => {
  const law = fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (steps) => {
    const controller = new AbortController();
    const stops = new Map<number, () => void>();
    const called: number[] = [];
    for (const [i, step] of steps.entries()) {
      const stop = stops.get(step);
      if (stop) {
        stop();
        stop();
        stops.delete(step);
      } else {
        stops.set(
          step,
          onAbort(controller.signal, () => called.push(step)),
        );
      }
      expect(getEventListeners(controller.signal, 'abort').length, `after ${i}`).toBe(stops.size > 0 ? 1 : 0);
    }
    const waiting = [...stops.keys()];
    controller.abort();
    expect(called).toEqual(waiting);
    for (const stop of stops.values()) stop();
    onAbort(controller.signal, () => called.push(-1));
    expect(called).toEqual(waiting);
  });
  fc.assert(law, { seed: 1, numRuns: 300 });
});

it('does not call a callback that is removed during the calls', () => {
  const controller = new AbortController();
  const called: string[] = [];
  let stop = () => {};
  onAbort(controller.signal, () => {
    called.push('first');
    stop();
  });
  stop = onAbort(controller.signal, () => called.push('second'));
  controller.abort();
  expect(called).toEqual(['first']);
});

it('does nothing without a signal', () => {
  expect(() => onAbort(undefined, () => expect.unreachable())()).not.toThrow();
});
