import { type Option, unexpected } from '@voiceflow-ml/server/args';
import { invalidOption, type Tensor, type TensorInfo } from 'voiceflow-ml/core';
import { noise, type Random } from '../stats/random.ts';

/** Shapes of inputs by name. The default is the network's own shape, with 1 for variable dimensions. */
type Shapes = Readonly<Record<string, readonly number[]>>;

const MOST_VALUES = 2 ** 26;

/**
 * Seeded noise in the shapes of the network's inputs. Each call returns new buffers, because a run may detach them.
 * @throws `invalid-option` for a shape that the input cannot have.
 */
export function feedsFor(inputs: readonly TensorInfo[], shapes: Shapes, random: Random): () => Record<string, Tensor> {
  for (const name of Object.keys(shapes)) {
    if (inputs.some((input) => input.name === name)) continue;
    const names = inputs.map((input) => input.name).join(', ');
    throw invalidOption(`there is no input ${JSON.stringify(name)}; the inputs are ${names}`);
  }
  const originals = inputs.map((input) => ({ name: input.name, tensor: filled(input, shapes[input.name], random) }));
  return () => Object.fromEntries(originals.map(({ name, tensor }) => [name, copy(tensor)]));
}

function filled(input: TensorInfo, wanted: readonly number[] | undefined, random: Random): Tensor {
  const dims = wanted ?? input.dims.map((dim) => (typeof dim === 'number' ? dim : 1));
  const fits =
    dims.length === input.dims.length && input.dims.every((dim, at) => typeof dim === 'string' || dim === dims[at]);
  const length = dims.reduce((product, dim) => product * dim, 1);
  if (!fits || !dims.every((dim) => Number.isInteger(dim) && dim > 0) || length > MOST_VALUES) {
    throw invalidOption(
      `input ${input.name} cannot be [${dims.join(', ')}]; it is [${input.dims.join(', ')}]`,
      `--shape ${input.name}=${input.dims.map((dim) => (typeof dim === 'number' ? dim : 1)).join(',')}`,
    );
  }
  switch (input.type) {
    case 'float32':
      return { type: 'float32', dims, data: noise(length, random) };
    case 'int32':
      return { type: 'int32', dims, data: new Int32Array(length) };
    case 'int64':
      return { type: 'int64', dims, data: new BigInt64Array(length) };
    default:
      return { type: input.type, dims, data: new Uint8Array(length) };
  }
}

function copy(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() } as Tensor;
}

/** An option that parses `waveform=1,1,160000;rate=1` to shapes by name. */
export function shapes(help: string): Option<Shapes> {
  return {
    value: 'N=1,2;M=3',
    help,
    read: (text = '', name) => {
      const read: Record<string, number[]> = {};
      for (const entry of text.split(';').filter((part) => part.trim() !== '')) {
        const match = /^\s*([^=]+)=([\d,\s]+)$/.exec(entry);
        if (match?.[1] === undefined || match[2] === undefined) throw unexpected(name, entry, 'NAME=1,2,3');
        read[match[1].trim()] = match[2].split(',').map(Number);
      }
      return read;
    },
  };
}
