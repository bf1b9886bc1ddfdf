"""export.py CHECKPOINT OUT.onnx: fp32 ONNX, a variant stored as fp16 (OUT.fp16.onnx), and their parity with PyTorch."""
import argparse
import hashlib
import os
import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from runner import load_net


def session(path, threads=1):
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = threads
    return ort.InferenceSession(path, o)


def transforms(graph, period=480):
    """Initializers and nodes that compute the Fourier matrices from one period of a sine, and the constants that they replace.

    The matrices must stay fp32 (as fp16 they move activity by 0.03), and would be a tenth of the file; runtimes fold the nodes when
    they load the graph.
    """
    inits, nodes, replaced = [], [], set()
    for n in graph.node:
        a = numpy_helper.to_array(n.attribute[0].t) if n.op_type == "Constant" else np.zeros(0)
        if a.shape != (period // 2, period // 2 - 1):
            continue
        t, k = np.arange(period // 2)[:, None], np.arange(1, period // 2)[None]
        turn = 2 * np.pi * np.arange(period) / period
        wave = min((np.cos(turn), np.sin(turn)), key=lambda w: np.abs(np.corrcoef(a[5], w[5 * k[0] % period])[0, 1] - 1))
        scale = (a * wave[t * k % period]).sum(1, keepdims=True) / np.maximum((wave[t * k % period] ** 2).sum(1, keepdims=True), 1e-9)
        assert np.abs(wave[t * k % period] * scale - a).max() < 1e-6, "not a Fourier matrix"
        out = n.output[0]
        parts = dict(t=t.astype(np.int64), k=k.astype(np.int64), period=np.array(period, np.int64), wave=wave.astype(np.float32), scale=scale.astype(np.float32))
        inits += [numpy_helper.from_array(v, f"{out}_{name}") for name, v in parts.items()]
        nodes += [helper.make_node("Mul", [out + "_t", out + "_k"], [out + "_tk"]), helper.make_node("Mod", [out + "_tk", out + "_period"], [out + "_phase"]),
                  helper.make_node("Gather", [out + "_wave", out + "_phase"], [out + "_pure"]), helper.make_node("Mul", [out + "_pure", out + "_scale"], [out])]
        replaced.add(out)
    return inits, nodes, replaced


def store_fp16(src, dst, smallest=1024):
    """Weights of at least `smallest` numbers stored as fp16 and cast back when the graph is loaded; arithmetic stays fp32."""
    m = onnx.load(src)
    inits, nodes, replaced = transforms(m.graph)
    for t in m.graph.initializer:
        a = numpy_helper.to_array(t)
        if a.dtype == np.float32 and a.size >= smallest:
            inits.append(numpy_helper.from_array(a.astype(np.float16), t.name + "_h"))
            nodes.append(helper.make_node("Cast", [t.name + "_h"], [t.name], to=TensorProto.FLOAT))
        else:
            inits.append(t)
    rest = [n for n in m.graph.node if n.output[0] not in replaced]
    del m.graph.initializer[:], m.graph.node[:]
    m.graph.initializer.extend(inits)
    m.graph.node.extend(nodes + rest)
    onnx.checker.check_model(m)
    onnx.save(m, dst)


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
