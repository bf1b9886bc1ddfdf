// No configuration needed: Vite bundles the weights and the WebAssembly, and the network runs in a worker.
import { createDiarizer } from 'voiceflow-ml';

let diarizer;
let current;

document.getElementById('file').addEventListener('change', async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  current?.abort();
  current = new AbortController();
  const { signal } = current;
  const turns = document.getElementById('turns');
  turns.textContent = 'Analyzing …';
  try {
    // If loading fails, the next file tries again.
    diarizer ??= createDiarizer().catch((error) => {
      diarizer = undefined;
      throw error;
    });
    const result = await (await diarizer).diarize(file, { signal });
    turns.textContent = result.turns
      .map(({ start, end, speaker }) => `${start.toFixed(2)}  ${end.toFixed(2)}  ${speaker}`)
      .join('\n');
  } catch (error) {
    if (signal.aborted) return; // Another file was chosen.
    turns.textContent = `${error.message}\n${error.hint ?? ''}`;
  }
});
