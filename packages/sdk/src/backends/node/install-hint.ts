/** Hint for errors if the native runtime is missing. */
export const INSTALL_HINT =
  'install it with `npm install onnxruntime-node` (ONNXRUNTIME_NODE_INSTALL=skip in the environment avoids the ' +
  'download of its CUDA files), or use the WASM backend, voiceflow-ml/backends/wasm, which needs nothing native';
