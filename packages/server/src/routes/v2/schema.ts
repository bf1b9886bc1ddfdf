import * as v from 'valibot';
import type { RouteSpec } from '../describe.ts';
import { DEADLINE, json, TASK_PROBLEMS } from '../schemas.ts';

const shape = v.array(v.pipe(v.number(), v.integer()));
const parameters = v.optional(v.record(v.string(), v.unknown()));
const TensorMetadata = v.object({ name: v.string(), datatype: v.string(), shape });
const TensorSchema = v.object({
  name: v.string(),
  shape,
  datatype: v.string(),
  parameters,
  data: v.optional(v.array(v.unknown())),
});

const ServerMetadata = v.pipe(
  v.object({ name: v.string(), version: v.string(), extensions: v.array(v.string()) }),
  v.title('ServerMetadata'),
);
const LiveSchema = v.pipe(v.object({ live: v.boolean(), ready: v.optional(v.boolean()) }), v.title('Live'));
const ModelMetadata = v.pipe(
  v.object({
    name: v.string(),
    versions: v.array(v.string()),
    platform: v.string(),
    inputs: v.array(TensorMetadata),
    outputs: v.array(TensorMetadata),
  }),
  v.title('ModelMetadata'),
);
const ModelReady = v.pipe(v.object({ name: v.string(), ready: v.boolean() }), v.title('ModelReady'));
const InferenceRequest = v.pipe(
  v.object({
    id: v.optional(v.string()),
    parameters,
    inputs: v.array(TensorSchema),
    outputs: v.optional(v.array(v.object({ name: v.string(), parameters }))),
  }),
  v.title('InferenceRequest'),
);
const InferenceResponse = v.pipe(
  v.object({
    model_name: v.string(),
    model_version: v.optional(v.string()),
    id: v.optional(v.string()),
    parameters,
    outputs: v.array(TensorSchema),
  }),
  v.title('InferenceResponse'),
);

const tag = 'Open Inference Protocol';
const MODEL = {
  tag,
  key: true,
  params: {
    model: v.pipe(v.string(), v.description('The name of the model.')),
    version: v.pipe(v.string(), v.description('Version of the model.')),
  },
  problems: ['backend-unavailable', 'not-found'],
} as const;

export const SERVER_METADATA = {
  summary: 'The server',
  tag,
  key: true,
  answers: { 200: json('Name, version, extensions.', ServerMetadata) },
} as const satisfies RouteSpec;

export const SERVER_LIVE = {
  summary: 'Liveness',
  tag,
  key: false,
  answers: { 200: json('The server is alive.', LiveSchema) },
} as const satisfies RouteSpec;

export const SERVER_READY = {
  summary: 'Readiness',
  tag,
  key: false,
  answers: {
    200: json('The server accepts requests.', LiveSchema),
    503: json('The server is starting or draining.', LiveSchema),
  },
} as const satisfies RouteSpec;

export const MODEL_METADATA = {
  summary: 'The model',
  ...MODEL,
  answers: { 200: json('The inputs and outputs of the model.', ModelMetadata) },
} as const satisfies RouteSpec;

export const MODEL_READY = {
  summary: 'Readiness of the model',
  ...MODEL,
  answers: {
    200: json('The server accepts requests.', ModelReady),
    503: json('The server is starting or draining.', ModelReady),
  },
} as const satisfies RouteSpec;

export const MODEL_INFER = {
  summary: 'Inference on tensors',
  description: 'JSON, or JSON followed by raw little-endian tensors (extension binary_tensor_data).',
  ...MODEL,
  headers: {
    'Inference-Header-Content-Length': v.pipe(
      v.string(),
      v.description('Length of the JSON in bytes, if tensors follow it; 0 if the body is the data of the only input.'),
      v.metadata({ type: 'integer', minimum: 0 }),
    ),
    ...DEADLINE,
  },
  body: { 'application/json': InferenceRequest, 'application/octet-stream': 'bytes' },
  answers: {
    200: {
      description: 'The outputs.',
      content: { 'application/json': InferenceResponse, 'application/octet-stream': 'bytes' },
    },
  },
  problems: [...TASK_PROBLEMS, 'not-found'],
} as const satisfies RouteSpec;
