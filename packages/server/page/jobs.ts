import { $, element, onFile } from '../../../examples/browser/src/page/dom.ts';
import type { Page } from '../../../examples/browser/src/page/page.ts';
import type { JobsClient } from '../src/client/jobs.ts';
import { RequestError } from '../src/client/request-error.ts';
import type { JobJson } from '../src/client/types.ts';

/** Milliseconds between refreshes while jobs have not ended. */
const REFRESH_MS = 1000;
const MOST_SHOWN = 20;

/** Shows the jobs that the server keeps, also after a reload. @returns A function that refreshes the list. */
export function showJobs(page: Page, jobs: () => JobsClient): () => Promise<void> {
  const { section, submit, input, items } = addSection();
  onFile(input, submit, (file) => void submitFile(file));
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function refresh(): Promise<void> {
    clearTimeout(timer);
    try {
      const list = await jobs().list({ limit: MOST_SHOWN });
      section.hidden = false;
      showItems(list.jobs);
      const waiting = list.jobs.some(({ state }) => state === 'queued' || state === 'running');
      if (waiting) timer = setTimeout(() => void refresh(), REFRESH_MS);
    } catch (error) {
      // Without a key, for example, there is no list to show; a server that is away for a moment has one later.
      if (RequestError.isTemporary(error)) timer = setTimeout(() => void refresh(), REFRESH_MS);
      else section.hidden = true;
    }
  }

  /** Replaces the list. A focused button keeps the focus, also when its text has changed. */
  function showItems(list: readonly JobJson[]): void {
    const focused = document.activeElement?.closest<HTMLElement>('#job-list button')?.dataset.of;
    items.replaceChildren(...list.map(item));
    if (focused !== undefined) items.querySelector<HTMLElement>(`button[data-of="${focused}"]`)?.focus();
  }

  function item(job: JobJson): HTMLElement {
    const row = element('li', 'row');
    const part = job.progress?.fraction === undefined ? '' : ` ${Math.floor(job.progress.fraction * 100)} %`;
    const state = job.problem ? `${job.state}: ${job.problem.detail}` : job.state + part;
    row.append(element('span', '', nameOf(job)), element('span', 'soft', state));
    if (job.state === 'succeeded') row.append(action(job, 'Show', () => open(job)));
    row.append(action(job, job.endedAt ? 'Remove' : 'Cancel', () => jobs().cancel(job.id).then(refresh)));
    return row;
  }

  function action(job: JobJson, text: string, act: () => Promise<void>): HTMLElement {
    const button = element('button', '', text);
    button.setAttribute('aria-label', `${text} ${nameOf(job)}`);
    button.dataset.of = `${text === 'Show' ? 'result' : 'job'} ${job.id}`;
    button.onclick = () => act().catch(page.showProblem);
    return button;
  }

  async function open(job: JobJson): Promise<void> {
    const { result } = await jobs().get(job.id);
    if (result) page.show(nameOf(job), result);
  }

  async function submitFile(file: File): Promise<void> {
    page.showStatus(`Uploading ${file.name} …`);
    try {
      await jobs().submit(file, { metadata: { file: file.name } });
      page.showStatus('');
    } catch (error) {
      page.showProblem(error);
    }
    await refresh();
  }

  void refresh();
  return refresh;
}

/** Adds the section to the page, hidden until there is a list. */
function addSection() {
  const section = element('section');
  const submit = element('button', '', 'Submit a recording');
  const input = element('input');
  input.type = 'file';
  input.id = 'job-file';
  input.accept = 'audio/*,video/*';
  input.hidden = true;
  const row = element('div', 'row');
  row.append(submit, input);
  const items = element('ul');
  items.id = 'job-list';
  section.id = 'jobs';
  section.hidden = true;
  section.append(
    element('h2', '', 'Jobs'),
    element('p', 'soft', 'The server stores jobs, so you can close this page and come back later.'),
    row,
    items,
  );
  $('audio').before(section);
  return { section, submit, input, items };
}

function nameOf({ metadata, url, id }: JobJson): string {
  return String(metadata?.file ?? url ?? id);
}
