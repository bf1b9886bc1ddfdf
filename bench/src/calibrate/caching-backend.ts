import { createHash } from 'node:crypto';
import type { Backend, Model, Tensor } from 'voiceflow-ml/core';

type Tensors = Readonly<Record<string, Tensor>>;

/** A backend whose networks run only once for the same input and stay loaded until `end`. */
interface CachingBackend extends Backend {
  /** Closes the networks. */
  end(): Promise<void>;
}

/**
 * Caches the networks' outputs in memory by the SHA-1 of their feeds, and loads each network once for all diarizers. So
 * trying settings on the same audio costs only the steps after the networks.
 */
export function cachingBackend(inner: Backend): CachingBackend {
  const networks = new Map<
    string,
    Promise<{ readonly model: Model; readonly answers: Map<string, Promise<Tensors>> }>
  >();
  const network: Backend['load'] = async (file, options) => {
    const key = digest(file.bytes);
    const kept = networks.get(key) ?? inner.load(file, options).then((model) => ({ model, answers: new Map() }));
    networks.set(key, kept);
    const { model, answers } = await kept;
    return {
      inputs: model.inputs,
      outputs: model.outputs,
      concurrency: model.concurrency,
      run: async (feeds) => {
        const call = keyOf(feeds);
        const answer = answers.get(call) ?? model.run(feeds);
        answers.set(call, answer);
        return structuredClone(await answer);
      },
      close: async () => {},
    };
  };
  return {
    name: inner.name,
    capabilities: () => inner.capabilities(),
    load: network,
    end: async () => {
      for (const { model } of await Promise.all(networks.values())) await model.close();
      networks.clear();
    },
  };
}

/** SHA-1 of names, types, shapes and data. */
function keyOf(feeds: Tensors): string {
  const hash = createHash('sha1');
  for (const name of Object.keys(feeds).sort()) {
    const { type, dims, data } = feeds[name]!;
    hash.update(`${name} ${type} ${dims.join()}\n`).update(data);
  }
  return hash.digest('base64');
}

function digest(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('base64');
}
