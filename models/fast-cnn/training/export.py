"""export.py CHECKPOINT OUT.onnx: fp32 ONNX, a variant stored as fp16 (OUT.fp16.onnx), and their parity with PyTorch."""
import argparse
import hashlib
import os
import numpy as np
import torch
from onnx_file import session, store_fp16
from runner import load_net


def probe_audio(n=8, seed=0):
    """[n, 48000]: noise, tones that come and go, and near silence, at several levels."""
    r, t = np.random.default_rng(seed), np.arange(48000) / 48000
    x = r.standard_normal((n, 48000)) * 10 ** r.uniform(-3, -0.5, (n, 1))
    for i in range(0, n, 2):
        f0 = r.uniform(80, 250)
        x[i] = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 30)) * 0.1 * (np.sin(2 * np.pi * 4 * t) > 0) + x[i] * 0.03
    return x.astype(np.float32)


def parity(a, b, x):
    """Outputs of two functions on x -> least cosine of embeddings (of slots that speak in either, if any), largest difference of activity."""
    (ea, aa), (eb, ab) = a(x), b(x)
    return float((ea * eb).sum(-1).min()), float(abs(aa - ab).max())


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoint")
    p.add_argument("out")
    a = p.parse_args()
    net = load_net(a.checkpoint)
    names = dict(input_names=["audio"], output_names=["embeddings", "activity"])
    axes = {n: {0: "N"} for n in ("audio", "embeddings", "activity")}
    torch.onnx.export(net, (torch.randn(1, 48000) * 0.1,), a.out, **names, dynamic_axes=axes, opset_version=17, dynamo=False)
    half, x = a.out.replace(".onnx", ".fp16.onnx"), probe_audio()
    store_fp16(a.out, half)
    with torch.no_grad():
        here = [v.numpy() for v in net(torch.from_numpy(x))]
    for path in (a.out, half):
        s = session(path)
        cos, act = parity(lambda _: here, lambda x: s.run(None, {"audio": x}), x)
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes, sha256 {digest}; against PyTorch: least cosine {cos:.7f}, activity within {act:.2e}")
    print(f"{sum(p.numel() for p in net.parameters())} parameters")


if __name__ == "__main__":
    main()
