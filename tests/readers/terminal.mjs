/**
 * The commands of a reader's terminal, for run-blocks.test.ts: `node terminal.mjs NAME ARGUMENTS…`. `voiceflow` is the built
 * command; what would leave the folder (npm, git, models pull) or is not ours (whisper, arecord) is simulated.
 * READER_FOLDER keeps the server's address and process id, and the id of the last job.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { READER_FOLDER = '.' } = process.env;
const note = (name) => join(READER_FOLDER, name);
const read = (name) => (existsSync(note(name)) ? readFileSync(note(name), 'utf8') : '');
const [, , command = '', ...args] = process.argv;
/** The packages that a reader is told to install, beside ours. */
const OTHERS = new Set(['onnxruntime-node', 'onnxruntime-web']);
const FETCHED = new Set(['accurate', 'light', 'pyannote']);

const commands = { voiceflow, npx, npm, git, open: () => 0, curl, whisper, arecord };
process.exitCode = await commands[command](args);

async function voiceflow(given) {
  const [name = '', ...rest] = given.map((word) => (word === 'COMMAND' ? 'diarize' : word));
  // tests/recordings/pull.test.ts fetches; the networks are not in the repository.
  if (name === 'models' && rest[0] === 'pull') return FETCHED.has(rest[1]) ? 0 : say(`no model ${rest[1]}`);
  if (name === 'serve') return serve(rest);
  const model = rest.indexOf('--model');
  if (model >= 0 && FETCHED.has(rest[model + 1])) rest.splice(model, 2);
  const server = rest.indexOf('--server');
  if (server >= 0) rest[server + 1] = read('url');
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', VOICEFLOW_SERVER: read('url') };
  return spawnSync(process.execPath, [at('packages/cli/bin/voiceflow.js'), name, ...rest], { stdio: 'inherit', env })
    .status;
}

/** Starts the server on a free port, and is done once it listens. */
async function serve(rest) {
  if (read('pid')) process.kill(Number(read('pid')));
  const log = note('log');
  const out = openSync(log, 'w');
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', VOICEFLOW_WORKERS: '1' };
  const program = [at('packages/cli/bin/voiceflow.js'), 'serve', '--port', '0', ...rest];
  const child = spawn(process.execPath, program, { detached: true, stdio: ['ignore', out, out], env });
  writeFileSync(note('pid'), String(child.pid));
  for (;;) {
    const url = /listens on (http:\S+)/.exec(readFileSync(log, 'utf8'))?.[1];
    if (url) {
      writeFileSync(note('url'), url.replace('0.0.0.0', '127.0.0.1'));
      child.unref();
      return 0;
    }
    if (child.exitCode !== null) return say(readFileSync(log, 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function npx([name, ...rest]) {
  return name === 'voiceflow' || name === '@voiceflow-ml/cli' ? voiceflow(rest) : say(`npx ${name}: unknown`);
}

function npm([name, ...rest]) {
  if (name === 'install') {
    const ours = ['sdk', 'cli', 'codecs', 'server', 'jobs'].map((one) => manifest(`packages/${one}`).name);
    const wanted = rest.filter((word) => !word.startsWith('-'));
    const unknown = wanted.filter((one) => !ours.includes(one) && !OTHERS.has(one));
    return wanted.length === 0 || unknown.length > 0 ? say(`npm install ${unknown}: nothing of ours`) : 0;
  }
  const script = name === 'run' ? rest[0] : name;
  return manifest('.').scripts[script] ? 0 : say(`npm run ${script}: there is no such script`);
}

function manifest(folder) {
  return JSON.parse(readFileSync(at(`${folder}/package.json`), 'utf8'));
}

function git(given) {
  const { url } = manifest('packages/sdk').repository;
  if (given[0] !== 'clone' || `git+${given[1]}.git` !== url) return say(`git ${given.join(' ')}: not ours`);
  mkdirSync('voiceflow');
  copyFileSync('your-recording.mp3', 'voiceflow/your-recording.mp3');
  return 0;
}

async function curl(given) {
  const { positional, method, body, headers } = request(given);
  const url = new URL(positional.replace('/jobs/ID', `/jobs/${read('job')}`), 'http://x');
  const asked = new URL(/^https?:/.test(positional) ? url : `http://${positional}`);
  if (!['127.0.0.1:8080', 'localhost:8080'].includes(asked.host)) return say(`curl: what is ${asked.host}?`);
  const path = asked.pathname.replace('/ID', `/${read('job')}`) + asked.search;
  const response = await fetch(new URL(path, read('url')), { method, body, headers });
  const text = await response.text();
  console.log(text);
  const id = /^\{"id":"([\w-]+)"/.exec(text)?.[1];
  if (id) writeFileSync(note('job'), id);
  return response.ok ? 0 : 22;
}

function request(given) {
  const found = { positional: '', method: 'GET', body: undefined, headers: {} };
  for (let i = 0; i < given.length; i++) {
    if (given[i] === '--data-binary') {
      found.method = 'POST';
      found.body = readFileSync(given[++i].slice(1));
    } else if (given[i] === '-H') {
      const [name, value] = given[++i].split(/:\s*/);
      found.headers[name] = value;
    } else if (!given[i].startsWith('-')) found.positional = given[i];
  }
  return found;
}

/** Writes its JSON beside, as openai-whisper does. */
function whisper([file, ...rest]) {
  if (!rest.includes('--word_timestamps')) return say('whisper: no times of words');
  const words = JSON.parse(readFileSync(at('examples/audio/conversation.words.json'), 'utf8')).slice(0, 30);
  const spoken = words.map(({ text, start, end }) => ({ word: ` ${text}`, start, end }));
  const [first, last] = [spoken[0], spoken.at(-1)];
  const segment = {
    id: 0,
    start: first.start,
    end: last.end,
    text: spoken.map(({ word }) => word).join(''),
    words: spoken,
  };
  writeFileSync(
    file.replace(/\.\w+$/, '.json'),
    JSON.stringify({ text: segment.text, language: 'en', segments: [segment] }),
  );
  return 0;
}

/** The microphone: a recording, as raw samples. */
function arecord() {
  process.stdout.write(readFileSync('meeting.wav').subarray(44));
  return 0;
}

function say(text) {
  console.error(text);
  return 1;
}
