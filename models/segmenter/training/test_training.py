"""pytest: what can be checked without a corpus."""
import paths  # noqa: F401
import numpy as np
import onnxruntime as ort
import pytest
import torch
import export
from evaluate import average_precision, detected
from conversations import PAST, SAMPLES, Conversations
from losses import hard_targets, powerset, segmentation_loss
from network import FRAMES, LINE, PERMUTATIONS, POWERSET, WINDOW, FrontEnd, Segmenter, calibrated, from_start
from sounds import line, music, noises, seats, signals
from speech import RATE, Bank
from train import Mixer


def voices(n=6, seconds=4, seed=0):
    """{speaker: [int16]}: buzzing voices of different pitch."""
    r, t, out = np.random.default_rng(seed), np.arange(seconds * RATE) / RATE, {}
    for i in range(n):
        x = sum(np.sin(2 * np.pi * k * (90 + 30 * i) * t) / k for k in range(1, 20)) * (1 + 0.3 * np.sin(2 * np.pi * 4 * t))
        out[f"v{i}"] = [(x * 2000 + r.standard_normal(len(t)) * 10).astype(np.int16)] * 3
    return out


@pytest.fixture(scope="module")
def talk():
    return Conversations(Bank(voices()), ["a", "a", "a", "b", "b", "b"], seed=1)


def test_shapes_and_sizes():
    net = Segmenter().eval()
    with torch.no_grad():
        assert net(torch.randn(2, WINDOW) * 0.1).shape == (2, FRAMES, 7)
    assert sum(p.numel() for p in net.parameters()) <= 1.5e6


def test_attention_begins_as_nothing():
    torch.manual_seed(0)
    plain, net, x = Segmenter(attend=()).eval(), Segmenter().eval(), torch.randn(1, WINDOW) * 0.1
    net.load_state_dict(from_start(plain.state_dict(), net))
    with torch.no_grad():
        assert torch.allclose(plain(x), net(x), atol=1e-5)


def test_levels_begin_as_nothing_and_do_not_depend_on_loudness():
    torch.manual_seed(0)
    net, x = Segmenter().eval(), torch.randn(1, WINDOW) * 0.1
    old = {n: v for n, v in net.state_dict().items() if not n.startswith("levels.")}
    other = Segmenter().eval()
    other.load_state_dict(from_start(old, other))
    with torch.no_grad():
        assert torch.allclose(net(x), other(x), atol=1e-5)
        (_, loud), (_, soft) = net.front(x), net.front(x * 0.1)
    assert loud.shape == (1, 128) and torch.allclose(loud, soft, atol=0.02)


def test_average_precision_of_a_known_order():
    labels = np.array([True, False, True, False])
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.1]), labels) == pytest.approx(100 * (1 + 2 / 3) / 2)
    assert average_precision(np.array([0.9, 0.1, 0.8, 0.2]), labels) == 100


def test_short_pauses_are_filled_and_long_ones_kept():
    speech = np.repeat([0.9, 0.1, 0.9, 0.1, 0.9, 0.1], [50, 20, 50, 50, 1, 50])
    assert np.array_equal(detected(speech, 0.5, 0, 0), speech > 0.5)
    assert np.array_equal(detected(speech, 0.5, 0, 0.3), np.repeat([1, 0, 1, 0], [120, 50, 1, 50]) > 0)
    # Averaging drops what is shorter than half of its width, and moves no edge.
    assert np.array_equal(detected(speech, 0.5, 0.1, 0.3), np.repeat([1, 0], [120, 101]) > 0)


def test_dense_conversations_overlap_more():
    bank, groups = Bank(voices()), ["a", "a", "a", "b", "b", "b"]
    share = lambda dense: np.mean([(Conversations(bank, groups, seed, dense).window()[1].sum(1) > 1).mean() for seed in range(40)])
    assert share(1) > 3 * share(0)


def test_quiet_conversations_have_at_most_one_speaker():
    bank, groups = Bank(voices()), ["a", "a", "a", "b", "b", "b"]
    windows = [Conversations(bank, groups, seed, quiet=1).window()[1] for seed in range(40)]
    assert all((active.any(0).sum() <= 1) for active in windows)
    assert 15 < sum(not active.any() for active in windows) < 36


def test_noise_events_are_short_and_finite():
    mixer = object.__new__(Mixer)
    mixer.r, noise = np.random.default_rng(3), torch.full((3 * WINDOW,), 1000, dtype=torch.int16)
    mixer.sounds, mixer.noises = [noise], noise
    mixer.rooms = [torch.fft.rfft(torch.eye(1, SAMPLES))]                                  # nothing but the direct sound
    events = [mixer.events() for _ in range(40)]
    assert all(y.shape == (WINDOW,) and torch.isfinite(y).all() for y in events)
    sounding = np.array([(y.abs() > 1).float().mean().item() for y in events])
    assert (sounding < 0.95).sum() > 15 and sounding.min() < 0.3


@pytest.mark.parametrize("gain", [1, 1e-3])
def test_nobody_is_likelier_in_a_telephones_band_alone(gain):
    wide = torch.randn(1, WINDOW, generator=torch.Generator().manual_seed(0)) * 0.1 * gain
    spectrum = torch.fft.rfft(wide)
    spectrum[:, int(3400 / 8000 * spectrum.shape[1]):] = 0
    for x, expected in ((wide, 0), (torch.fft.irfft(spectrum, WINDOW), LINE)):
        shift = calibrated(torch.zeros(1, FRAMES, 7), FrontEnd().energy(x))
        assert abs(shift[..., 0] - expected).max() < 0.02 and shift[..., 1:].abs().max() == 0


def test_permutations_are_of_speakers():
    for p in PERMUTATIONS:
        changed = POWERSET[p.numpy()]
        assert sorted(map(tuple, changed)) == sorted(map(tuple, POWERSET)) and (changed.sum(1) == POWERSET.sum(1)).all()


def test_powerset_of_activity():
    assert powerset(torch.tensor(POWERSET, dtype=torch.bool)).tolist() == list(range(7))


def test_loss_does_not_depend_on_the_order_of_speakers():
    torch.manual_seed(0)
    active = torch.zeros(1, FRAMES, 3, dtype=torch.bool)
    active[:, :200, 0] = active[:, 150:300, 2] = True
    logits = torch.randn(1, FRAMES, 7)
    losses = [segmentation_loss(logits, hard_targets(active[:, :, order]))[0].item() for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0])]
    assert np.allclose(losses, losses[0], atol=1e-5)
    right = 20 * torch.nn.functional.one_hot(powerset(active), 7).float()
    loss, told = segmentation_loss(right, hard_targets(active[:, :, [1, 2, 0]], smooth=0))
    assert loss < 0.01 and told["wrong"] == 0


def test_conversations_say_what_their_labels_say(talk):
    for _ in range(30):
        tracks, active = talk.window()
        assert tracks.shape[1:] == (SAMPLES,) and active.shape == (FRAMES, 3) and active.sum(1).max() <= 2
        level = np.abs(tracks).reshape(len(tracks), SAMPLES // 320, 320).max(2)[:, PAST:]
        for k in range(len(tracks)):
            assert level[k][active[:, k]].min(initial=1) > 0            # labelled speech sounds
            far = np.convolve(active[:, k], np.ones(15), "same") == 0
            assert level[k][far].max(initial=0) < 1e-6                  # and nothing sounds far from it


def test_sounds_are_finite():
    r = np.random.default_rng(0)
    for make in (music, noises, signals):
        for _ in range(8):
            assert np.isfinite(make(WINDOW, r)).all()
    assert np.allclose((seats(3, r) ** 2).sum(1), 1, atol=1e-3)
    y = line(torch.randn(4, WINDOW) * 0.05, r)
    assert torch.isfinite(y).all()
    f = np.abs(np.fft.rfft(y[0].numpy()))[::10]
    assert f[int(6000 / 8000 * len(f)):].mean() < 0.3 * f[int(0.1 * len(f)):int(0.4 * len(f))].mean()


def test_export_is_the_same_network(tmp_path):
    torch.manual_seed(0)
    net, path = Segmenter().eval(), str(tmp_path / "net.onnx")
    for a in net.attend.values():
        torch.nn.init.normal_(a.out.weight, std=0.05)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    import sys
    argv, sys.argv = sys.argv, ["export.py", str(tmp_path / "net.pt"), path]
    try:
        export.main()
    finally:
        sys.argv = argv
    x = export.probe_audio(2)
    with torch.no_grad():
        here = torch.softmax(net(torch.from_numpy(x[:, 0])), -1).numpy()
    for p in (path.replace(".onnx", ".fp32.onnx"), path):
        there = np.exp(ort.InferenceSession(p).run(None, {"waveform": x})[0])
        assert abs(here - there).max() < (1e-4 if p.endswith(".fp32.onnx") else 3e-2)


def test_soup_of_a_network_without_attention_computes_a_mean():
    from soup import completed, mean
    old, new = Segmenter(attend=()).state_dict(), Segmenter().state_dict()
    full = completed(old, new)
    assert set(full) == set(new) and all(not v.any() for n, v in full.items() if ".out." in n)
    half = mean([full, new], [0.5, 0.5])
    assert torch.allclose(half["head.weight"], (old["head.weight"] + new["head.weight"]) / 2)
