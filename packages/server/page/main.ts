/**
 * @module The server's page: the page of examples/browser with the server as its engine, and with jobs and the API key.
 */
import { VoiceFlowError } from 'voiceflow-ml/core';
import { $, element } from '../../../examples/browser/src/page/dom.ts';
import type { Engine } from '../../../examples/browser/src/page/engine.ts';
import { startPage } from '../../../examples/browser/src/page/page.ts';
import { VoiceFlowClient } from '../src/client/client.ts';
import { connectionError, responseError } from '../src/client/request-error.ts';
import { showJobs } from './jobs.ts';

/** The server's address. It may have a path, with or without a slash at the end. */
const base = new URL(location.pathname.replace(/\/?$/, '/'), location.href);

const link = element('a', '', 'API');
link.href = new URL('docs', base).href;
const nav = document.querySelector('nav');
nav?.append(link);
nav?.removeAttribute('hidden');

const form = element('form', 'row');
const label = element('label', '', 'API key ');
const key = element('input');
key.type = 'password';
key.autocomplete = 'off';
const use = element('button', '', 'Use key');
use.type = 'submit';
label.append(key);
form.append(label, use);
form.hidden = true;
$('status').before(form);

function client(): VoiceFlowClient {
  const value = key.value.trim();
  return new VoiceFlowClient({ url: base.href, ...(value ? { key: value } : {}) });
}

/** A WebSocket does not say why it was refused, so that a plain request asks first. @throws `unauthorized`. */
async function checkKey(): Promise<void> {
  const value = key.value.trim();
  const headers = value ? { authorization: `Bearer ${value}` } : undefined;
  const response = await fetch(new URL('v2', base), headers && { headers }).catch((error: unknown) => {
    throw connectionError(error, undefined, 'cannot connect to the server');
  });
  if (!response.ok) throw await responseError(response);
}

const engine: Engine = {
  waiting: 'Sending …',
  diarize: (file, options) => client().diarize(file, options),
  async open(options) {
    await checkKey();
    const connection = client().stream({ ...options, encoding: 'f32le', reconnects: 0 });
    return {
      async *[Symbol.asyncIterator]() {
        for await (const event of connection) if (event.type !== 'reconnect') yield event;
      },
      push: (samples) => connection.push(samples),
      end: () => connection.end({ recluster: true }),
      close: () => connection.close(),
    };
  },
};

const page = startPage(engine, {
  onProblem(error) {
    if (!VoiceFlowError.isInstance(error) || error.code !== 'unauthorized') return;
    form.hidden = false;
    key.focus();
  },
});

const list = document.body.dataset.jobs === undefined ? async () => {} : showJobs(page, () => client().jobs);
form.onsubmit = (event) => {
  event.preventDefault();
  form.hidden = true;
  page.showStatus('');
  void list();
};
