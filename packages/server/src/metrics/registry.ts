/** A small Prometheus registry: counters, gauges and histograms in the text format 0.0.4, on every runtime. */
export class MetricsRegistry {
  readonly #metrics = new Map<string, Metric>();

  counter(name: string, help: string): Counter {
    return this.#add(name, new Counter(name, help));
  }

  /** A counter whose value is kept elsewhere. */
  counterOf(name: string, help: string, read: () => number): void {
    this.#add(name, new Reading(name, help, read, 'counter'));
  }

  /** A value that is read when the metrics are rendered. */
  gauge(name: string, help: string, read: () => number | ReadonlyMap<string, number>): void {
    this.#add(name, new Reading(name, help, read, 'gauge'));
  }

  /** @param buckets Upper bounds, ascending; +Inf is added. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return this.#add(name, new Histogram(name, help, buckets));
  }

  render(): string {
    return `${[...this.#metrics.values()].map((metric) => metric.render()).join('\n')}\n`;
  }

  #add<M extends Metric>(name: string, metric: M): M {
    if (this.#metrics.has(name)) throw new Error(`the metric ${name} is registered twice`);
    this.#metrics.set(name, metric);
    return metric;
  }
}

type Labels = Readonly<Record<string, string>>;

abstract class Metric {
  protected readonly name: string;
  readonly #head: string;

  constructor(name: string, help: string, type: 'counter' | 'gauge' | 'histogram') {
    this.name = name;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
  }

  render(): string {
    return [this.#head, ...this.lines()].join('\n');
  }

  protected abstract lines(): string[];
}

export class Counter extends Metric {
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    super(name, help, 'counter');
  }

  add(amount: number, labels: Labels = {}): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  protected lines(): string[] {
    return [...this.#values].map(([key, value]) => `${this.name}${braces(key)} ${value}`);
  }
}

class Reading extends Metric {
  readonly #read: () => number | ReadonlyMap<string, number>;

  constructor(name: string, help: string, read: () => number | ReadonlyMap<string, number>, type: 'counter' | 'gauge') {
    super(name, help, type);
    this.#read = read;
  }

  protected lines(): string[] {
    const value = this.#read();
    if (typeof value === 'number') return [`${this.name} ${value}`];
    return [...value].map(([key, each]) => `${this.name}${braces(key)} ${each}`);
  }
}

interface Series {
  /** Number of observations up to each bound; the last bound is +Inf. */
  readonly counts: Float64Array;
  sum: number;
}

export class Histogram extends Metric {
  readonly #series = new Map<string, Series>();
  readonly #buckets: readonly number[];

  constructor(name: string, help: string, buckets: readonly number[]) {
    super(name, help, 'histogram');
    this.#buckets = buckets;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { counts: new Float64Array(this.#buckets.length + 1), sum: 0 };
      this.#series.set(key, series);
    }
    const found = this.#buckets.findIndex((bound) => value <= bound);
    const at = found === -1 ? this.#buckets.length : found;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += value;
  }

  protected lines(): string[] {
    return [...this.#series].flatMap(([key, { counts, sum }]) => {
      const comma = key === '' ? '' : `${key},`;
      let total = 0;
      const buckets = Array.from(counts, (count, at) => {
        total += count;
        return `${this.name}_bucket{${comma}le="${this.#buckets[at] ?? '+Inf'}"} ${total}`;
      });
      return [...buckets, `${this.name}_sum${braces(key)} ${sum}`, `${this.name}_count${braces(key)} ${total}`];
    });
  }
}

/** `name="value"` pairs in Prometheus's format, also the key of a series. */
export function labelText(labels: Labels): string {
  let text = '';
  for (const name in labels) text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] ?? '')}"`;
  return text;
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`)) : value;
}

function braces(key: string): string {
  return key === '' ? '' : `{${key}}`;
}
