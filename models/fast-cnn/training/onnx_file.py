"""ONNX files as VoiceFlow ships them: weights stored as fp16, Fourier matrices computed when the graph is loaded."""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


def session(path, threads=1):
    o = ort.SessionOptions()
    o.intra_op_num_threads = o.inter_op_num_threads = threads
    return ort.InferenceSession(path, o)


def transforms(graph, period=480, rows=240, bins=239):
    """Initializers and nodes that compute the Fourier matrices [rows, bins] from one period of a sine, and the constants that they replace.

    The matrices must stay fp32 (as fp16 they move activity by 0.03), and would be a tenth of the file; runtimes fold the nodes when
    they load the graph.
    """
    inits, nodes, replaced = [], [], set()
    for n in graph.node:
        a = numpy_helper.to_array(n.attribute[0].t) if n.op_type == "Constant" else np.zeros(0)
        if a.shape != (rows, bins):
            continue
        t, k = np.arange(rows)[:, None], np.arange(1, bins + 1)[None]
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


def store_fp16(src, dst, smallest=1024, **fourier):
    """Weights of at least `smallest` numbers stored as fp16 and cast back when the graph is loaded; arithmetic stays fp32. `fourier`: for `transforms`."""
    m = onnx.load(src)
    inits, nodes, replaced = transforms(m.graph, **fourier)
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
