import { dirname } from 'node:path';
import { createDiarizer } from 'voiceflow-ml';
import { accuracy } from '../accuracy/accuracy.ts';
import { CONVERSATION } from '../conversation.ts';
import type { AccuracyRow } from './types.ts';

/** DER on the demo conversation and on a folder of recordings, as `bench accuracy` measures it. */
export async function measureAccuracy(
  folder: string | undefined,
  note: (text: string) => void,
): Promise<AccuracyRow[]> {
  const diarizer = await createDiarizer({ workers: 1 });
  try {
    const folders = [dirname(CONVERSATION), ...(folder === undefined ? [] : [folder])];
    const results = await accuracy(diarizer, { folders, onFile: (_, { name }) => note(name) });
    return results.map(({ folder: set, files, total, countError, rtf }, at) => {
      const share = (time: number) => (100 * time) / total.scored;
      return {
        pipeline: diarizer.manifest.id,
        set: at === 0 ? 'demo conversation' : set,
        recordings: files.length,
        der: total.der ?? Number.NaN,
        miss: share(total.miss),
        falseAlarm: share(total.falseAlarm),
        confusion: share(total.confusion),
        jer: total.jer ?? Number.NaN,
        countError,
        rtf,
      };
    });
  } finally {
    await diarizer.close();
  }
}
