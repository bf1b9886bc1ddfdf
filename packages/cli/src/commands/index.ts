import type { AnyCommand, CommandEntry } from '../command.ts';

/** @param load Imports the module that exports the command under its name. */
function entry<N extends string>(
  name: N,
  summary: string,
  load: () => Promise<{ readonly [Name in N]: AnyCommand }>,
): CommandEntry {
  return { name, summary, load: async () => (await load())[name] };
}

/** All commands, in the order of the help. To add one, add a file to this folder and an entry here. */
export const COMMANDS: readonly CommandEntry[] = [
  entry('diarize', 'find who spoke when, in files, folders and patterns', () => import('./diarize.ts')),
  entry('words', 'find who said what: assign speakers to the words of a speech recognizer', () => import('./words.ts')),
  entry('embed', 'print a voice as a vector', () => import('./embed.ts')),
  entry('enroll', 'add a named voice to a voice book', () => import('./enroll.ts')),
  entry('identify', 'find which voices of a book are in a recording', () => import('./identify.ts')),
  entry('voices', 'list, remove and rename the voices of a book', () => import('./voices.ts')),
  entry('stream', 'find who is speaking in live audio', () => import('./stream.ts')),
  entry('score', 'compare a result with a reference: DER and JER', () => import('./score.ts')),
  entry('models', 'list, download and verify models', () => import('./models.ts')),
  entry('serve', 'run the HTTP server: recordings, live audio, a demo page', () => import('./serve.ts')),
  entry('jobs', 'process recordings on a server: submit, status, wait, cancel', () => import('./jobs.ts')),
  entry(
    'batch',
    'process a folder of recordings on a server; can be interrupted and continued',
    () => import('./batch.ts'),
  ),
  entry('worker', 'process the jobs of a database', () => import('./worker.ts')),
];
