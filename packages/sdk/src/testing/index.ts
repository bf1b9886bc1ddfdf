/** @module The conformance suite for custom backends. Works with any test runner. */

export { seededRandom } from '../contract/random.ts';
export { type BackendCase, type BackendTestOptions, backendCases, type TestRunner, testBackend } from './backend.ts';
export { affineModel, slowFeeds, slowModel } from './models.ts';
export { encodeOnnx, type OnnxGraph, type OnnxNode, type OnnxValue, type OnnxWeights } from './onnx.ts';
