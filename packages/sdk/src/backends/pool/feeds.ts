import type { Tensor, TensorInfo } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import type { Tensors } from './protocol.ts';
import { ANY, ARRAY_OF } from './tensors.ts';

/**
 * Checks feeds against the declared inputs: names, types, ranks and sizes. A dimension symbol must have the same size
 * everywhere.
 * @throws `model-incompatible` with the given and the expected feeds.
 */
export function checkFeeds(inputs: readonly TensorInfo[], feeds: Tensors): void {
  if (typeof feeds !== 'object' || feeds === null) throw incompatible(String(feeds), 'an object of tensors by name');
  const unknown = Object.keys(feeds).filter((name) => !inputs.some((input) => input.name === name));
  const missing = inputs.filter((input) => !Object.hasOwn(feeds, input.name));
  if (unknown.length > 0 || missing.length > 0) {
    throw incompatible(`feeds ${listOf(Object.keys(feeds))}`, `inputs ${inputs.map(describe).join(', ')}`);
  }
  const symbols = new Map<string, number>();
  for (const input of inputs) {
    const feed = feeds[input.name];
    if (!feed) throw incompatible(`feed "${input.name}" that is ${feed}`, describe(input));
    checkFeed(input, feed, symbols);
  }
}

function checkFeed(input: TensorInfo, feed: Tensor, symbols: Map<string, number>): void {
  if (!Array.isArray(feed.dims)) throw incompatible(`feed "${input.name}" without dimensions`, describe(input));
  const received = () => `feed ${describe({ name: input.name, type: feed.type, dims: feed.dims })}`;
  if (feed.type !== input.type) throw incompatible(received(), describe(input));
  if (!(feed.data instanceof ARRAY_OF[feed.type])) {
    throw incompatible(`feed "${input.name}" with data of another type`, `a ${ARRAY_OF[feed.type].name}`);
  }
  if (!feed.dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw incompatible(received(), 'dimensions that are whole numbers, 0 or more');
  }
  const count = feed.dims.reduce((product, size) => product * size, 1);
  if (count !== feed.data.length) {
    throw incompatible(`${received()} with ${feed.data.length} values`, `${count} values`);
  }
  // ONNX Runtime reports no dimensions for an input without a declared shape.
  if (input.dims.length === 0) return;
  const fits = input.dims.length === feed.dims.length && input.dims.every((size, i) => admits(size, feed.dims[i]));
  if (!fits) throw incompatible(received(), describe(input));

  function admits(declared: number | string, size: number | undefined): boolean {
    if (size === undefined) return false;
    if (typeof declared === 'number') return declared === size;
    if (declared === ANY) return true;
    const bound = symbols.get(declared) ?? size;
    symbols.set(declared, bound);
    return bound === size;
  }
}

function describe({ name, type, dims }: TensorInfo): string {
  return `"${name}" ${type}[${dims.join(', ')}]`;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.map((name) => `"${name}"`).join(', ');
}

function incompatible(received: string, expected: string): VoiceFlowError {
  return new VoiceFlowError('model-incompatible', `the network received ${received}, expected ${expected}`, {
    hint: "compare the feeds with the model's `inputs`",
  });
}
