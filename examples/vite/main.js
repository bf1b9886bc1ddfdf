// No configuration needed: Vite bundles the weights and the WebAssembly, and the network runs in a worker.
import { createDiarizer } from 'voiceflow-ml';

const diarizer = createDiarizer();

document.getElementById('file').addEventListener('change', async ({ target }) => {
  const turns = document.getElementById('turns');
  turns.textContent = 'Analyzing …';
  try {
    const result = await (await diarizer).diarize(target.files[0]);
    turns.textContent = result.turns
      .map(({ start, end, speaker }) => `${start.toFixed(2)}  ${end.toFixed(2)}  ${speaker}`)
      .join('\n');
  } catch (error) {
    turns.textContent = `${error.message}\n${error.hint ?? ''}`;
  }
});
