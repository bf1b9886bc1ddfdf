import type { CommandEntry } from '../command.ts';

const entry = (name: string, summary: string, load: CommandEntry['load']): CommandEntry => ({ name, summary, load });

/** All commands, in the order of the help. To add one, add a file to this folder and an entry here. */
export const COMMANDS: readonly CommandEntry[] = [
  entry('diarize', 'who spoke when in files, folders and patterns', async () => (await import('./diarize.ts')).diarize),
  entry(
    'words',
    'who said what: the words of a speech recognizer with speakers',
    async () => (await import('./words.ts')).words,
  ),
  entry('embed', 'a voice as a vector', async () => (await import('./embed.ts')).embed),
  entry('enroll', 'give a voice a name', async () => (await import('./enroll.ts')).enroll),
  entry('identify', 'whose voices of a book are in a recording', async () => (await import('./identify.ts')).identify),
  entry('voices', 'list, remove and rename the voices of a book', async () => (await import('./voices.ts')).voices),
  entry('stream', 'who speaks, while they speak', async () => (await import('./stream.ts')).stream),
  entry('score', 'how far a result is from the truth: DER and JER', async () => (await import('./score.ts')).score),
  entry('models', 'list, fetch and check the networks', async () => (await import('./models.ts')).models),
  entry(
    'serve',
    'the HTTP server: recordings, windows, live audio, a demo page',
    async () => (await import('./serve.ts')).serve,
  ),
  entry(
    'jobs',
    'recordings that a server works on: submit, status, wait, cancel',
    async () => (await import('./jobs.ts')).jobs,
  ),
  entry(
    'batch',
    'a folder of recordings through a server, to be interrupted and gone on with',
    async () => (await import('./batch.ts')).batch,
  ),
  entry('worker', 'works on the jobs of a database', async () => (await import('./worker.ts')).worker),
];
