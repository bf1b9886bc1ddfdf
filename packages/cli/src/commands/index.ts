import type { CommandEntry } from '../command.ts';

const entry = (name: string, summary: string, load: CommandEntry['load']): CommandEntry => ({ name, summary, load });

/** All commands, in the order of the help. To add one, add a file to this folder and an entry here. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'diarize',
    'find who spoke when, in files, folders and patterns',
    async () => (await import('./diarize.ts')).diarize,
  ),
  entry(
    'words',
    'find who said what: assign speakers to the words of a speech recognizer',
    async () => (await import('./words.ts')).words,
  ),
  entry('embed', 'print a voice as a vector', async () => (await import('./embed.ts')).embed),
  entry('enroll', 'add a named voice to a voice book', async () => (await import('./enroll.ts')).enroll),
  entry(
    'identify',
    'find which voices of a book are in a recording',
    async () => (await import('./identify.ts')).identify,
  ),
  entry('voices', 'list, remove and rename the voices of a book', async () => (await import('./voices.ts')).voices),
  entry('stream', 'find who is speaking in live audio', async () => (await import('./stream.ts')).stream),
  entry('score', 'compare a result with a reference: DER and JER', async () => (await import('./score.ts')).score),
  entry('models', 'list, download and verify models', async () => (await import('./models.ts')).models),
  entry(
    'serve',
    'run the HTTP server: recordings, live audio, a demo page',
    async () => (await import('./serve.ts')).serve,
  ),
  entry(
    'jobs',
    'process recordings on a server: submit, status, wait, cancel',
    async () => (await import('./jobs.ts')).jobs,
  ),
  entry(
    'batch',
    'process a folder of recordings on a server; can be interrupted and continued',
    async () => (await import('./batch.ts')).batch,
  ),
  entry('worker', 'process the jobs of a database', async () => (await import('./worker.ts')).worker),
];
