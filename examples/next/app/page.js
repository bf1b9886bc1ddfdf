'use client';
// Diarizes in the page: the recording stays in the browser.
import { useState } from 'react';
import { createDiarizer } from 'voiceflow-ml';

let diarizer;
let current;

export default function Page() {
  const [text, setText] = useState('');
  async function diarizeFile({ target }) {
    const [file] = target.files;
    if (!file) return;
    current?.abort();
    current = new AbortController();
    const { signal } = current;
    setText('Analyzing …');
    try {
      // If loading fails, the next file tries again.
      diarizer ??= createDiarizer().catch((error) => {
        diarizer = undefined;
        throw error;
      });
      const { turns } = await (await diarizer).diarize(file, { signal });
      setText(turns.map(({ start, end, speaker }) => `${start.toFixed(2)}  ${end.toFixed(2)}  ${speaker}`).join('\n'));
    } catch (error) {
      if (signal.aborted) return; // Another file was chosen.
      setText(`${error.message}\n${error.hint ?? ''}`);
    }
  }
  return (
    <main>
      <input type="file" aria-label="A recording" onChange={diarizeFile} />
      <pre>{text}</pre>
    </main>
  );
}
