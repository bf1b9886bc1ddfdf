"""export.py CHECKPOINT OUT.onnx: the file that ships (see onnx_file.store), one with fp32 weights (OUT.fp32.onnx), and their parity with PyTorch."""
import argparse
import hashlib
import os
import numpy as np
import torch
from onnx_file import session, store
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
    whole = a.out.replace(".onnx", ".fp32.onnx")
    net = load_net(a.checkpoint)
    names = dict(input_names=["audio"], output_names=["embeddings", "activity"])
    axes = {n: {0: "N"} for n in ("audio", "embeddings", "activity")}
    torch.onnx.export(net, (torch.randn(1, 48000) * 0.1,), whole, **names, dynamic_axes=axes, opset_version=17, dynamo=False)
    x = probe_audio()
    store(whole, a.out)
    with torch.no_grad():
        here = [v.numpy() for v in net(torch.from_numpy(x))]
    for path in (whole, a.out):
        s = session(path)
        cos, act = parity(lambda _: here, lambda x: s.run(None, {"audio": x}), x)
        with open(path, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        print(f"{os.path.basename(path)}: {os.path.getsize(path)} bytes, sha256 {digest}; against PyTorch: least cosine {cos:.7f}, activity within {act:.2e}")
    print(f"{sum(p.numel() for p in net.parameters())} parameters")


if __name__ == "__main__":
    main()
