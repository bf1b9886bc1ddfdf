import { describe, expect, it } from 'vitest';
import { KeyRing, parseApiKeys } from '../admission/auth.ts';
import { Quota } from '../admission/quota.ts';
import { LIMIT_RULES, resolveLimits } from '../limits.ts';
import { Histogram, MetricsRegistry } from '../metrics/registry.ts';

describe('KeyRing', () => {
  /** Of the key fedcba9876543210: `printf %s fedcba9876543210 | sha256sum`. */
  const UNNAMED = 'key-3465f6e6975b';
  const ring = new KeyRing(parseApiKeys('alice:0123456789abcdef,fedcba9876543210'));

  it('identifies keys by name, and accepts all requests if there are none', async () => {
    expect(await ring.check('Bearer 0123456789abcdef')).toBe('alice');
    expect(await ring.check('bearer fedcba9876543210')).toBe(UNNAMED);
    expect(await new KeyRing([]).check(undefined)).toBeUndefined();
  });

  it('gives a key without a name the same name whatever other keys there are', async () => {
    for (const keys of [
      'fedcba9876543210',
      'fedcba9876543210,0123456789abcdef',
      'a:0123456789abcdef,:fedcba9876543210',
    ])
      expect(await new KeyRing(parseApiKeys(keys)).check('Bearer fedcba9876543210'), keys).toBe(UNNAMED);
  });

  it('rejects any other key', async () => {
    const bad = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Basic 0123456789abcdef',
      '0123456789abcdef',
      'Bearer 0123456789abcdeF',
    ];
    for (const header of [...bad, 'Bearer 0123456789abcde', 'Bearer 0123456789abcdef0', 'Bearer alice']) {
      await expect(ring.check(header), String(header)).rejects.toMatchObject({ code: 'unauthorized' });
    }
  });

  it('requires keys of a minimum length with unique names', () => {
    expect(() => parseApiKeys('a:short')).toThrow(/"a" has 5 characters, expected at least 16/);
    expect(() => parseApiKeys('0123456789abcdef,short')).toThrow(/the API key 2 has 5 characters/);
    expect(() => parseApiKeys('a:0123456789abcdef,a:0123456789abcdeg')).toThrow(/two API keys/);
    expect(parseApiKeys(undefined)).toEqual([]);
    expect(parseApiKeys(' , ')).toEqual([]);
  });
});

describe('Quota', () => {
  it('allows each client its requests per minute, with continuous refill', () => {
    let now = 0;
    const quota = new Quota(6, () => now);
    for (let i = 0; i < 6; i++) quota.take('a');
    expect(() => quota.take('a')).toThrow(expect.objectContaining({ code: 'quota-exceeded', retryAfter: 10 }));
    expect(() => quota.take('b')).not.toThrow();
    now += 10_000;
    expect(() => quota.take('a')).not.toThrow();
    expect(() => quota.take('a')).toThrow();
    now += 3_600_000;
    for (let i = 0; i < 6; i++) quota.take('a');
    expect(() => quota.take('a')).toThrow();
  });

  it('is off by default', () => {
    const quota = new Quota(0);
    for (let i = 0; i < 1000; i++) quota.take('a');
  });
});

describe('resolveLimits', () => {
  it('prefers options to the environment to the defaults', () => {
    expect(resolveLimits().queueRequests).toBe(64);
    expect(resolveLimits({}, { VOICEFLOW_QUEUE_REQUESTS: '7' }).queueRequests).toBe(7);
    expect(resolveLimits({ queueRequests: 3 }, { VOICEFLOW_QUEUE_REQUESTS: '7' }).queueRequests).toBe(3);
    expect(resolveLimits({}, { VOICEFLOW_QUEUE_REQUESTS: '' }).queueRequests).toBe(64);
  });

  it('names the limit, the variable and the range of an invalid value', () => {
    for (const value of ['x', '-1', '1.5', 'NaN', '1e99']) {
      expect(() => resolveLimits({}, { VOICEFLOW_DEADLINE_MS: value })).toThrow(/deadlineMs \(VOICEFLOW_DEADLINE_MS\)/);
    }
    expect(() => resolveLimits({ sessions: Number.POSITIVE_INFINITY })).toThrow(/sessions/);
  });

  it('has the defaults of the contract', () => {
    const defaults = Object.fromEntries(Object.entries(LIMIT_RULES).map(([name, rule]) => [name, rule.default]));
    expect(defaults).toMatchObject({
      bodyBytes: 256 * 2 ** 20,
      inferBodyBytes: 2 ** 20,
      audioSeconds: 4 * 3600,
      queueRequests: 64,
      queueBytes: 512 * 2 ** 20,
      deadlineMs: 30_000,
      inferDeadlineMs: 2_000,
      sessions: 256,
      headerMs: 10_000,
      idleBodyMs: 30_000,
    });
  });
});

describe('MetricsRegistry', () => {
  it('writes the text format', () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter('a_total', 'Things.');
    counter.add(2, { kind: 'x"y\\z\n' });
    counter.add(1, { kind: 'x"y\\z\n' });
    registry.gauge('b', 'Now.', () => 4);
    const histogram = registry.histogram('c_seconds', 'How long.', [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value, { route: '/x' });
    expect(registry.render()).toBe(`# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x\\"y\\\\z\\n"} 3
# HELP b Now.
# TYPE b gauge
b 4
# HELP c_seconds How long.
# TYPE c_seconds histogram
c_seconds_bucket{route="/x",le="0.1"} 2
c_seconds_bucket{route="/x",le="1"} 3
c_seconds_bucket{route="/x",le="+Inf"} 4
c_seconds_sum{route="/x"} 7.65
c_seconds_count{route="/x"} 4
`);
    expect(() => registry.counter('b', 'Again.')).toThrow(/twice/);
  });

  it('counts cumulatively in buckets', () => {
    const histogram = new Histogram('h', 'H.', [1, 2, 3]);
    for (let i = 0; i < 10; i++) histogram.observe(i / 2);
    const counts = [...histogram.render().matchAll(/le="[^"]+"\} (\d+)/g)].map((match) => Number(match[1]));
    expect(counts).toEqual([3, 5, 7, 10]);
  });
});
