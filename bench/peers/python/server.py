"""The server of the first report, a minimal one with FastAPI, uvicorn, ONNX Runtime and the same ONNX file.

    python server.py MODEL.onnx PORT

POST /v1/infer takes 48,000 little-endian float32 and responds with the outputs as raw float32. Server-Timing has the
time of the network. ONNX Runtime has its default options: all cores for one run, with spinning.
"""

import sys
import time

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request, Response

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
app = FastAPI()


@app.get("/readyz")
async def ready() -> Response:
    return Response(status_code=200)


@app.post("/v1/infer")
async def infer(request: Request) -> Response:
    arrived = time.perf_counter()
    audio = np.frombuffer(await request.body(), dtype="<f4").reshape(1, -1)
    start = time.perf_counter()
    outputs = session.run(None, {"audio": audio})
    end = time.perf_counter()
    timing = f"model;dur={1000 * (end - start):.3f}, total;dur={1000 * (end - arrived):.3f}"
    body = b"".join(np.ascontiguousarray(output, dtype="<f4").tobytes() for output in outputs)
    return Response(body, media_type="application/octet-stream", headers={"server-timing": timing})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
