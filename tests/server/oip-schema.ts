/**
 * The objects of the Open Inference Protocol v2 (open_inference_rest.yaml of kserve/open-inference-protocol, version
 * 2.0): which members each has, of which type, and which it must have (`!`).
 */
const SCHEMAS = {
  metadata_server_response: { 'name!': 'string', 'version!': 'string', 'extensions!': ['string'] },
  metadata_model_response: {
    'name!': 'string',
    versions: ['string'],
    'platform!': 'string',
    inputs: ['metadata_tensor'],
    outputs: ['metadata_tensor'],
  },
  metadata_tensor: { 'name!': 'string', 'datatype!': 'string', 'shape!': ['integer'] },
  inference_response: {
    'model_name!': 'string',
    model_version: 'string',
    id: 'string',
    parameters: 'object',
    'outputs!': ['response_output'],
  },
  response_output: {
    'name!': 'string',
    'shape!': ['integer'],
    'datatype!': 'string',
    parameters: 'object',
    'data!': 'tensor_data',
  },
  error_response: { 'error!': 'string' },
} as const satisfies Record<string, Record<string, string | readonly string[]>>;

type OipObject = keyof typeof SCHEMAS;

/** What is wrong with a value that should be one of the protocol's objects; empty when nothing is. */
export function faults(value: unknown, type: string, at: string = type): string[] {
  if (type === 'string') return typeof value === 'string' ? [] : [`${at} is no string`];
  if (type === 'integer') return Number.isInteger(value) ? [] : [`${at} is no integer`];
  if (type === 'object') return typeof value === 'object' && value !== null ? [] : [`${at} is no object`];
  if (type === 'tensor_data') {
    const flat = Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : undefined;
    return flat?.every((each) => ['number', 'string', 'boolean'].includes(typeof each))
      ? []
      : [`${at} is no tensor data`];
  }
  if (typeof value !== 'object' || value === null) return [`${at} is no object`];
  const members = value as Record<string, unknown>;
  return Object.entries(SCHEMAS[type as OipObject]).flatMap(([key, expected]) => {
    const name = key.replace('!', '');
    const member = members[name];
    if (member === undefined) return key.endsWith('!') ? [`${at}.${name} is missing`] : [];
    if (typeof expected === 'string') return faults(member, expected, `${at}.${name}`);
    if (!Array.isArray(member)) return [`${at}.${name} is no list`];
    return member.flatMap((each, i) => faults(each, String(expected[0]), `${at}.${name}[${i}]`));
  });
}
