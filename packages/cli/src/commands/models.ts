import { text, UsageError, unknownAction } from '@voiceflow-ml/server/args';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { modelFolder, modelsFolder } from 'voiceflow-ml/installed';
import { type Context, defineCommand } from '../command.ts';
import { EXIT, explain } from '../errors.ts';
import { showProgress } from '../progress.ts';
import { table } from '../render/table.ts';
import { type CatalogEntry, catalog, find, type ListedModel } from '../weights/catalog.ts';
import { type CheckedFile, checkFiles, corrupt } from '../weights/check.ts';
import { pull } from '../weights/pull.ts';

const options = {
  from: text('URL-or-DIR', 'pull: get the files from this folder or this base address'),
};

const ACTIONS = ['list', 'pull', 'verify', 'path'] as const;

export const models = defineCommand({
  usage: 'list | pull NAME [--from URL-or-DIR] | verify [NAME] | path [NAME]',
  details: [
    'fast-cnn and segmenter, which together are the model standard, come with VoiceFlow. Other models are downloaded from their public addresses, verified against the SHA-256 in the manifest, and stored in your cache folder; an interrupted pull can be resumed by running it again. VOICEFLOW_MODELS sets another folder. path prints the folder of the models, or of one model.',
  ],
  options,
  examples: [
    { command: 'voiceflow models list', does: 'list the models and whether they are installed' },
    { command: 'voiceflow models pull accurate', does: 'download the model for --model accurate (34 MB)' },
    { command: 'voiceflow models pull accurate --from ./weights', does: 'offline: copy the files from a folder' },
    { command: 'voiceflow models verify', does: 'check the SHA-256 of every installed file' },
  ],
  async run({ from }, [action = '', name, ...more], context) {
    if (more.length > 0) throw new UsageError(`models ${action} takes one NAME, unexpected argument "${more[0]}"`);
    if (action === 'list' && name !== undefined) throw new UsageError(`models list takes no NAME, received "${name}"`);
    if (from !== undefined && action !== 'pull') throw new UsageError('--from can only be used with models pull');
    switch (action) {
      case 'list':
        return list(context);
      case 'pull':
        if (name === undefined) throw new UsageError('models pull needs a NAME', 'See voiceflow models list');
        return pullModel(name, from, context);
      case 'verify':
        return verify(name, context);
      case 'path':
        return path(name, context);
      default:
        throw unknownAction('models', action, ACTIONS);
    }
  },
});

function folderOf({ entry, folder }: ListedModel): string {
  return folder ?? modelFolder(modelsFolder(), entry);
}

async function list({ io, signal }: Context): Promise<number> {
  const rows = [['name', 'version', 'state', 'size', 'license']];
  for (const listed of await catalog()) {
    const { id, version, license, files } = listed.entry;
    const size = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
    rows.push([id, version, await stateOf(listed, signal), megabytes(size), license]);
  }
  await io.out(table(rows, { right: [3] }));
  return EXIT.done;
}

async function stateOf(listed: ListedModel, signal: AbortSignal): Promise<string> {
  const files = await checkFiles(folderOf(listed), listed.entry, signal);
  if (files.some(({ state }) => state === 'wrong')) return 'damaged';
  if (files.some(({ state }) => state === 'missing')) return 'not installed';
  return listed.folder === undefined ? 'installed' : 'embedded';
}

async function pullModel(name: string, from: string | undefined, { io, signal }: Context): Promise<number> {
  const { entry, manifest, folder: embedded } = await find(name);
  if (embedded !== undefined) {
    io.err(`voiceflow: ${name} comes with VoiceFlow and needs no download\n`);
    return EXIT.done;
  }
  for (const line of announcement(entry, from)) io.err(`voiceflow: ${line}\n`);
  const { folder, fresh } = await showProgress(io, name, megabytes, (onProgress) =>
    pull(entry, {
      models: modelsFolder(),
      manifest,
      signal,
      onProgress: (done, total) => onProgress({ done, total }),
      onWait: () => io.err(`voiceflow: another process is downloading ${name}; waiting for it\n`),
      from,
    }),
  );
  if (!fresh) io.err(`voiceflow: ${name} ${entry.version} is already installed and its files are correct\n`);
  await io.out(`${folder}\n`);
  return EXIT.done;
}

/** The text printed before a pull: files, sizes, addresses and license. */
function announcement({ id, version, license, files }: CatalogEntry, from: string | undefined): string[] {
  const all = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    `${id} ${version}, ${megabytes(all)}, license: ${license}`,
    ...Object.entries(files).map(
      ([name, { bytes, urls = [] }]) => `  ${name}, ${megabytes(bytes)}, from ${from ?? urls[0] ?? 'no known address'}`,
    ),
  ];
}

/** Verifies the named model, which must be installed, or all installed models. */
async function verify(name: string | undefined, { io, signal }: Context): Promise<number> {
  let good = true;
  for (const listed of name === undefined ? await catalog() : [await find(name)]) {
    const files = await checkFiles(folderOf(listed), listed.entry, signal);
    // A missing model is an error only when it was named or comes with the command.
    const isEmbedded = listed.folder !== undefined;
    if (name === undefined && !isEmbedded && files.every(({ state }) => state === 'missing')) continue;
    for (const file of files) {
      if (file.state === 'ok') await io.out(`ok  ${file.path}\n`);
      else {
        good = false;
        io.err(`voiceflow: ${explain(errorOf(file, listed))}\n`);
      }
    }
  }
  return good ? EXIT.done : EXIT.failed;
}

function errorOf(file: CheckedFile, { entry, folder }: ListedModel): VoiceFlowError {
  const hint = folder === undefined ? `Run voiceflow models pull ${entry.id}` : 'Reinstall @voiceflow-ml/cli';
  if (file.state === 'wrong') return corrupt(file.path, file.reason, hint);
  return new VoiceFlowError('model-not-found', `${file.path} is not installed`, { hint });
}

async function path(name: string | undefined, { io }: Context): Promise<number> {
  await io.out(`${name === undefined ? modelsFolder() : folderOf(await find(name))}\n`);
  return EXIT.done;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
