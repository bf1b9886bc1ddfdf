import type { CommandEntry } from '../command.ts';

/** All commands, in the order of the help. A new one is a file in this folder and an entry here. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'diarize',
    summary: 'who spoke when in files, folders and patterns',
    load: async () => (await import('./diarize.ts')).diarize,
  },
  {
    name: 'words',
    summary: 'who said what: the words of a speech recogniser with speakers',
    load: async () => (await import('./words.ts')).words,
  },
  {
    name: 'embed',
    summary: 'a voice as a vector',
    load: async () => (await import('./embed.ts')).embed,
  },
  {
    name: 'enroll',
    summary: 'give a voice a name',
    load: async () => (await import('./enroll.ts')).enroll,
  },
  {
    name: 'identify',
    summary: 'whose voices of a book are in a recording',
    load: async () => (await import('./identify.ts')).identify,
  },
  {
    name: 'voices',
    summary: 'list, remove and rename the voices of a book',
    load: async () => (await import('./voices.ts')).voices,
  },
  {
    name: 'stream',
    summary: 'who speaks, while they speak',
    load: async () => (await import('./stream.ts')).stream,
  },
  {
    name: 'score',
    summary: 'how far a result is from the truth: DER and JER',
    load: async () => (await import('./score.ts')).score,
  },
  {
    name: 'models',
    summary: 'list, fetch and check the networks',
    load: async () => (await import('./models.ts')).models,
  },
  {
    name: 'serve',
    summary: 'the HTTP server: recordings, windows, live audio, a demo page',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'jobs',
    summary: 'recordings that a server works on: submit, status, wait, cancel',
    load: async () => (await import('./jobs.ts')).jobs,
  },
  {
    name: 'batch',
    summary: 'a folder of recordings through a server, to be interrupted and gone on with',
    load: async () => (await import('./batch.ts')).batch,
  },
  {
    name: 'worker',
    summary: 'works on the jobs of a database',
    load: async () => (await import('./worker.ts')).worker,
  },
];
