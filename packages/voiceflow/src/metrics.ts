/** @module Scoring, apart from the rest: a page that diarizes does not need it. */
export * from '@voiceflow-ml/core/metrics';
