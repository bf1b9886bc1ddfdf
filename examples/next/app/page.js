'use client';
// Diarizes in the page: the recording stays in the browser.
import { useState } from 'react';
import { createDiarizer } from 'voiceflow-ml';

let diarizer;

export default function Page() {
  const [text, setText] = useState('');
  async function diarizeFile({ target }) {
    setText('Analyzing …');
    diarizer ??= createDiarizer();
    try {
      const { turns } = await (await diarizer).diarize(target.files[0]);
      setText(turns.map(({ start, end, speaker }) => `${start.toFixed(2)}  ${end.toFixed(2)}  ${speaker}`).join('\n'));
    } catch (error) {
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
