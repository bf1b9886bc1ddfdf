import { describe, expect, it } from 'vitest';
import { CONVERSATION } from '../harness.ts';
import { MODEL, type Suite } from './suite.ts';

/** Voices of recordings. */
export function embedSuite({ post, problem }: Suite): void {
  describe('POST /v1/embed', () => {
    it('returns one embedding, of the whole or of a segment', async () => {
      const found = await (await post('/v1/embed?start=0.6&end=6', CONVERSATION)).json();
      expect(found.embedding).toHaveLength(192);
      expect(Math.hypot(...found.embedding)).toBeCloseTo(1, 4);
      expect(found).toMatchObject({ space: MODEL.space, model: MODEL });
      const binary = await post('/v1/embed?start=0.6&end=6', CONVERSATION, { accept: 'application/octet-stream' });
      expect([...new Float32Array(await binary.arrayBuffer())]).toEqual(found.embedding);
      const refused = await problem(await post('/v1/embed?start=5&end=2', CONVERSATION));
      expect(refused).toMatchObject({ code: 'invalid-option' });
    });

    it('returns voices that diarize recognizes by name', async () => {
      const { embedding, space } = await (await post('/v1/embed?start=0.6&end=6', CONVERSATION)).json();
      const known = encodeURIComponent(JSON.stringify([{ name: 'Ann', space, embedding }]));
      const found = await (await post(`/v1/diarize?known=${known}`, CONVERSATION)).json();
      expect(found.speakers.map((s: { name?: string }) => s.name)).toContain('Ann');
    });
  });
}
