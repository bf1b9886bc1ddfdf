// Diarizes on the server: curl --data-binary @meeting.wav http://localhost:3000/api/who
import { createDiarizer, VoiceFlowError } from 'voiceflow-ml';

export const runtime = 'nodejs';
let diarizer;

export async function POST(request) {
  try {
    // If loading fails, the next request tries again.
    diarizer ??= createDiarizer().catch((error) => {
      diarizer = undefined;
      throw error;
    });
    const result = await (await diarizer).diarize(request.body, { signal: request.signal });
    return Response.json({ backend: result.backend, turns: result.turns });
  } catch (error) {
    if (!VoiceFlowError.isInstance(error)) throw error;
    return Response.json({ code: error.code, message: error.message, hint: error.hint }, { status: 422 });
  }
}
