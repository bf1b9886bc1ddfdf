import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseRttm, scoreDiarization } from '@voiceflow-ml/core';
import { createDiarizer } from 'voiceflow-ml';
import { CONVERSATION, CONVERSATION_RTTM } from '../conversation.ts';
import type { AccuracyRow } from './types.ts';

/** DER of the embedded pipeline on the demo conversation: collar 0, overlap scored, number of speakers unknown. */
export async function measureAccuracy(
  _folder: string | undefined,
  note: (text: string) => void,
): Promise<AccuracyRow[]> {
  note('the demo conversation');
  const diarizer = await createDiarizer({ workers: 1 });
  try {
    const start = performance.now();
    const result = await diarizer.diarize(await openAsBlob(CONVERSATION));
    const seconds = (performance.now() - start) / 1000;
    const reference = parseRttm(await readFile(CONVERSATION_RTTM, 'utf8')).flatMap(({ turns }) => turns);
    const { total } = scoreDiarization(reference, result.turns);
    const share = (time: number) => (100 * time) / total.scored;
    const speakers = new Set(reference.map(({ speaker }) => speaker)).size;
    return [
      {
        pipeline: result.model.id,
        set: 'demo conversation',
        der: total.der ?? Number.NaN,
        miss: share(total.miss),
        falseAlarm: share(total.falseAlarm),
        confusion: share(total.confusion),
        jer: total.jer ?? Number.NaN,
        countRight: result.speakers.length === speakers ? 100 : 0,
        rtf: seconds / result.duration,
      },
    ];
  } finally {
    await diarizer.close();
  }
}
