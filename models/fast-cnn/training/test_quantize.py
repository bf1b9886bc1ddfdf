"""pytest: int8 variants, on networks that were never trained."""
import numpy as np
import onnx
import pytest
import soundfile as sf
import torch
from network import FastCNN
from onnx_file import session
from quantize import layers, quantize, windows


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    torch.manual_seed(0)
    net, path = FastCNN().eval(), str(tmp_path_factory.mktemp("net") / "n.onnx")
    torch.onnx.export(net, (torch.randn(1, 48000),), path, input_names=["audio"], output_names=["embeddings", "activity"],
                      dynamic_axes={"audio": {0: "N"}}, opset_version=17, dynamo=False)
    return path


def test_windows_are_spread_over_all_sounds(tmp_path):
    for i in range(2):
        sf.write(tmp_path / f"{i}.wav", np.full(40000, 0.1 + 0.2 * i, np.float32), 16000)
    x = windows([str(tmp_path)], 1, 9)
    assert x.shape == (9, 16000) and abs(x[0].mean() - 0.1) < 0.05 and abs(x[-1].mean() - 0.3) < 0.05


def test_layers_are_large_convolutions_of_one_group(network):
    graph = onnx.load(network).graph
    for i, n in enumerate(graph.node):
        n.name = n.name or f"node{i}"
    kinds = {n.name: n.op_type for n in graph.node}
    both, pointwise = layers(graph, ["pointwise", "full"]), layers(graph, ["pointwise"])
    assert sum(kinds[n] == "Conv" for n in both) == 20 and sum(kinds[n] == "Conv" for n in pointwise) == 15  # seven blocks of two, feat
    assert set(pointwise) < set(both)


def test_int8_says_nearly_the_same_in_less_room(network, tmp_path):
    x, target = np.random.default_rng(0).standard_normal((12, 16000)).astype(np.float32) * 0.1, str(tmp_path / "i8.onnx")
    quantize(network, target, x, ["pointwise", "full"], 99.99)
    model = onnx.load(target)
    weights = [onnx.numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8]
    assert max(abs(w.astype(int)).max() for w in weights if w.size >= 1024) <= 64  # seven bits: nothing saturates without VNNI
    y = np.random.default_rng(1).standard_normal((4, 48000)).astype(np.float32) * 0.1
    (ea, aa), (eb, ab) = (session(p).run(None, {"audio": y}) for p in (network, target))
    assert (ea * eb).sum(2).min() > 0.98 and abs(aa - ab).max() < 0.1
