/** @module JSON Schemas of what the server answers, and the words that they are made of. */

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
export const number = { type: 'number' };
export const string = { type: 'string' };
export const integer = { type: 'integer' };
export const binary = { type: 'string', format: 'binary' };
export const list = (items: unknown) => ({ type: 'array', items });
export const object = (properties: Record<string, unknown>, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

/** By the names that `#/components/schemas/` refers to. */
export function schemas(): Record<string, unknown> {
  const model = object({ id: string, version: string, space: string });
  const turn = object({ start: number, end: number, speaker: string, confidence: number }, ['confidence']);
  const shape = list(integer);
  const tensor = { name: string, shape, datatype: string, parameters: { type: 'object' }, data: list(number) };
  return {
    Problem: object(
      {
        type: string,
        title: string,
        status: integer,
        detail: string,
        code: string,
        hint: string,
        requestId: string,
        error: string,
      },
      ['hint'],
    ),
    Window: object({
      embeddings: list(list(number)),
      activity: list(list(number)),
      model,
      timings: { type: 'object' },
    }),
    Diarization: object(
      {
        duration: number,
        turns: list(turn),
        exclusive: list(turn),
        speakers: list(
          object({ label: string, seconds: number, name: string, embedding: list(number) }, ['name', 'embedding']),
        ),
        model,
        backend: string,
        warnings: list(object({ code: string, message: string })),
        timings: { type: 'object' },
      },
      ['exclusive'],
    ),
    Embedding: object({ embedding: list(number), space: string, model, timings: { type: 'object' } }),
    ServerMetadata: object({ name: string, version: string, extensions: list(string) }),
    Live: object({ live: { type: 'boolean' }, ready: { type: 'boolean' } }, ['ready']),
    ModelMetadata: object({
      name: string,
      versions: list(string),
      platform: string,
      inputs: list(object({ name: string, datatype: string, shape })),
      outputs: list(object({ name: string, datatype: string, shape })),
    }),
    ModelReady: object({ name: string, ready: { type: 'boolean' } }),
    InferenceRequest: object(
      {
        id: string,
        parameters: { type: 'object' },
        inputs: list(object(tensor, ['parameters', 'data'])),
        outputs: list(object({ name: string, parameters: { type: 'object' } }, ['parameters'])),
      },
      ['id', 'parameters', 'outputs'],
    ),
    InferenceResponse: object(
      { model_name: string, model_version: string, id: string, outputs: list(object(tensor, ['parameters', 'data'])) },
      ['model_version', 'id'],
    ),
  };
}
