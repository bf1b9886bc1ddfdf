import type { Answer, Exchange } from '../http/exchange.ts';
import { problemAnswer } from '../http/problem.ts';
import { admit, type Guards } from './guard.ts';
import { type Observers, record } from './observe.ts';
import { refuse } from './problems.ts';
import { type SiteOptions, wrongSite } from './site.ts';

/** One request from its header to its answer, without a framework around; never rejects. */
export async function exchange<State extends Observers & Guards & { readonly options: SiteOptions }>(
  x: Exchange,
  state: State,
  handler: (x: Exchange, state: State) => Promise<Answer>,
): Promise<Answer> {
  state.active++;
  let answer: Answer;
  try {
    const wrong = wrongSite(x, state.options);
    if (wrong === undefined) {
      await admit(x, state);
      answer = await handler(x, state);
    } else answer = problemAnswer(wrong);
  } catch (error) {
    answer = refuse(x, state, error);
  } finally {
    state.active--;
  }
  record(x, state, answer.status);
  const connection = state.draining ? { connection: 'close' } : undefined;
  return { ...answer, headers: { ...answer.headers, 'x-request-id': x.requestId, ...connection } };
}
