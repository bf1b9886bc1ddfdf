import { findPython, measurePython, PYTHON_MISSING } from '../peers/python.ts';
import type { PeerResult } from '../peers/result.ts';
import { findSherpa, measureSherpa } from '../peers/sherpa.ts';

const FULL_PLAN = { rounds: 3, requests: 600, warmUp: 4000 } as const;
const QUICK_PLAN = { rounds: 1, requests: 60, warmUp: 40 } as const;

/** Measures the peers that are installed; adds a line to `notMeasured` for each that is not. */
export async function measurePeers(
  quick: boolean,
  notMeasured: string[],
  note: (text: string) => void,
): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  const python = await findPython();
  if (python === undefined) notMeasured.push(PYTHON_MISSING);
  else {
    note('the Python server and ours in turns');
    results.push(await measurePython(python, quick ? QUICK_PLAN : FULL_PLAN));
  }
  const sherpa = findSherpa();
  if (typeof sherpa === 'string') notMeasured.push(sherpa);
  else {
    note('sherpa-onnx on the demo conversation');
    results.push(await measureSherpa(sherpa, { repeats: 1 }));
  }
  return results;
}
