"""pytest: what can be checked without a corpus."""
import os
import numpy as np
import pytest
import torch
import export
from average import between
from head import fit_head
from losses import Teacher, loss_fn
from metrics import der_parts, eer, lit
from mixer import END, RUN, START, Mixer, draw_scenes, piece_starts
from network import FastCNN, FrontEnd
from optim import orthogonal, split
from rooms import REACH, channels, shoebox
from speech import Bank, RATE, chunks, speech_frames, with_speeds
from teach import fbank, targets
from train import activity_of, frozen, hold
from within import pairs, single_voices, stretches, within


def voices(n=6, seconds=4, seed=0):
    """{speaker: [int16]}: buzzing voices of different pitch."""
    r, t, out = np.random.default_rng(seed), np.arange(seconds * RATE) / RATE, {}
    for i in range(n):
        f0 = 90 + 30 * i
        x = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 20)) * (1 + 0.3 * np.sin(2 * np.pi * 4 * t))
        out[f"v{i}"] = [(x * 2000 + r.standard_normal(len(t)) * 10).astype(np.int16)]
    return out


def test_shapes_and_sizes():
    net = FastCNN().eval()
    e, a = net(torch.randn(2, 48000) * 0.1)
    assert e.shape == (2, 2, 256) and a.shape == (2, 50, 2)
    assert torch.allclose(e.norm(dim=2), torch.ones(2, 2), atol=1e-4)
    assert 0 <= a.min() and a.max() <= 1
    assert 2.2e6 <= sum(p.numel() for p in net.parameters()) <= 2.4e6


def test_decimation():
    """Tones under 6.5 kHz pass at their level and phase; tones that would alias into the filter bank do not."""
    front, t, u = FrontEnd(), np.arange(48000) / 48000, np.arange(16000) / 16000
    tone = lambda f, t: torch.tensor(np.sin(2 * np.pi * f * t), dtype=torch.float32)[None]
    for f in (100, 1000, 4000, 6500):
        assert (front.to_16k(tone(f, t)) - tone(f, u))[0, 50:-50].abs().max() < 2e-3, f
    for f in (8800, 12000, 20000):
        assert front.to_16k(tone(f, t))[0, 50:-50].abs().max() < 2e-3, f


def test_log_mel_is_a_plain_dft():
    front, x = FrontEnd(), torch.randn(1, 16000) * 0.1
    y, k = np.pad(x[0].numpy().astype(np.float64), 160), 37             # frame k is centred on sample 160 k + 80
    w = np.hamming(481)[:480]
    w[0] = 0
    spec = np.abs(np.fft.rfft(y[k * 160:k * 160 + 480] * w))[1:240] ** 2
    want = np.log(spec @ front.bank.numpy() + 1e-6)
    assert np.allclose(want, front.log_mel(x)[0, k].numpy(), atol=1e-3) and np.allclose(want, front.log_mel_fft(x)[0, k].numpy(), atol=1e-3)


def test_gain_changes_little():
    net, x = FastCNN().eval(), torch.randn(1, 48000) * 0.1
    (e, a), (f, b) = net(x), net(x * 0.1)
    assert (e * f).sum(2).min() > 0.999 and (a - b).abs().max() < 0.01


def test_rooms():
    """Far talkers have more reverberation; the direct sound comes first; all seats of a device share its telephone."""
    r = np.random.default_rng(3)
    rooms = [shoebox(r, 3) for _ in range(30)]
    h = np.concatenate(rooms)
    assert h.shape == (90, REACH) and np.allclose(h[:, 0], 1, atol=0.5) and np.isfinite(h).all()
    energy = lambda a, b: (h[:, a:b] ** 2).sum(1)
    assert (energy(0, 1600) > energy(1600, 3200)).all() and (energy(3200, 4800) > energy(6400, REACH)).all()
    direct = 10 * np.log10(energy(0, 40) / energy(40, REACH))
    assert direct.min() < -6 and direct.max() > 3
    assert all(not np.allclose(a[0], a[1]) for a in rooms)
    H, phone = channels(12, r, seats=2)
    assert H.shape == (24, 12001) and torch.equal(phone[::2], phone[1::2])
    assert torch.allclose((H.abs() ** 2).mean(1), torch.ones(24), atol=1e-3)


def test_voices_within_a_recording(tmp_path):
    """A network that hears pitch tells two pitches apart, one that hears nothing does not; pairs share no audio."""
    import soundfile as sf
    t = np.arange(48 * RATE) / RATE
    low = (t % 12) < 6
    sf.write(tmp_path / "a.wav", 0.3 * np.sin(2 * np.pi * np.where(low, 100, 200) * t), RATE)
    (tmp_path / "a.rttm").write_text("".join(f"SPEAKER a 1 {s} 6 <NA> <NA> {'ab'[k % 2]} <NA> <NA>\n" for k, s in enumerate(range(0, 48, 6))))

    class Pitch:
        def windows(self, x, hop):
            w = np.lib.stride_tricks.sliding_window_view(x, RATE)[::hop]
            rate = (np.diff(np.sign(w), axis=1) != 0).sum(1) / 400 * np.pi / 2
            e = np.stack([np.cos(rate), np.sin(rate)], 1)
            return np.stack([e, np.zeros_like(e)], 1), np.tile(np.array([1.0, 0.0]), (len(w), 50, 1))

    class Deaf(Pitch):
        def windows(self, x, hop):
            e, a = super().windows(x, hop)
            return np.random.default_rng(0).standard_normal(e.shape), a

    assert within(Pitch(), str(tmp_path)) == {1: 0.0, 2: 0.0, 4: 0.0}
    assert 30 < within(Deaf(), str(tmp_path))[1] < 70
    e, a = Pitch().windows(sf.read(tmp_path / "a.wav")[0], RATE // 2)
    who = single_voices([(s, 6, "ab"[k % 2]) for k, s in enumerate(range(0, 48, 6))], len(a))
    at, speakers, v = stretches(e, a, who, 3)
    assert len(at) == len(speakers) == len(v) > 20 and set(speakers) == {0, 1}
    assert len(pairs(at[:4], speakers[:4], v[:4], 3)[0]) < 6


def test_mixtures():
    bank = Bank(with_speeds(voices()))
    assert len(bank.names) == 18 and bank.range[-1, 1] * 320 == len(bank.x)
    y, act, spk, heard = Mixer(bank, seed=1, rooms=8).batch(64)
    assert y.shape == (64, 16000) and act.shape == (64, 50, 2) and spk.shape == (64, 2)
    assert torch.isfinite(y).all() and y.abs().max() <= 1 and set(act.unique().tolist()) == {0.0, 1.0}
    assert ((spk[:, 0] != spk[:, 1]) | (act[:, :, 1].sum(1) == 0)).all()
    of = torch.tensor(chunks(bank.range)[:, 0].tolist() + [-1])[heard]
    assert ((of == spk[..., None]) | (of == -1)).all()                  # chunks are of the speaker who is heard
    assert ((of >= 0).any(2) | (act.sum(1) <= 5)).all()
    z, b, *_ = Mixer(bank, seed=1, rooms=8).batch(64)
    assert torch.equal(y, z) and torch.equal(act, b)                    # seeded


def test_scenes():
    (there, kind, at, _), (two, second, when, once) = draw_scenes(4000, np.random.default_rng(0))
    before = (kind == END) & (at <= 0)
    assert 0.07 < (~there | before).mean() < 0.11 and 0.18 < two.mean() < 0.24
    assert 0.48 < (there & ~two & (kind == RUN)).mean() < 0.58 and not once[~two].any() and (second[two & (kind == END)] == START).all()


def test_pieces_begin_in_the_middle_of_what_is_silent():
    v = np.array([1, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1], bool)
    assert np.flatnonzero(piece_starts(v, np.array([[0, 10], [13, 16]]))).tolist() == [0, 4, 9, 13]


def test_voices_begin_and_end_where_they_should():
    mixer = Mixer(Bank(voices()), seed=1, rooms=8)
    n, spk, never = 40, np.arange(40) % 6, np.zeros(40, bool)
    for kind, at, quiet, loud in ((START, 10, slice(0, 35), 40), (END, 10, slice(36, 75), 28)):
        x, v, _ = mixer.voice(spk, np.full(n, kind), np.full(n, at), never)
        assert x.shape == (n, 24000) and not x.reshape(n, 75, 320)[:, quiet][:, 1:-1].any() and not v[:, quiet].any()
        assert v[:, loud].all()
    frames = mixer.lay(spk, np.full(n, RUN), np.full(n, -25), never, never)
    assert (frames[:, 0] >= 0).all() and ((frames == -1).mean(1) < 1).all()
    for s, row in zip(spk, frames):
        assert ((row[row >= 0] >= mixer.range[s, 0]) & (row[row >= 0] < mixer.range[s, 1])).all()


def test_activity_of_clean_speech():
    x = np.concatenate([np.zeros(8000), voices(1, 1)["v0"][0], np.zeros(8000)]) + np.random.default_rng(0).standard_normal(32000)
    v = speech_frames(x.astype(np.int16))
    assert abs(v.sum() - 50) <= 3 and v[30:70].all()


def test_loss_takes_the_better_order():
    teacher = torch.nn.functional.normalize(torch.randn(5, 256), dim=1)
    act = torch.zeros(2, 50, 2)
    act[:, :30, 0] = act[:, 25:, 1] = 1
    spk = torch.tensor([[0, 1], [2, 3]])
    e, logits = teacher[spk], (act - 0.5) * 20
    args = (act, spk, teacher, teacher[spk], torch.ones(5))
    a, b = loss_fn(e, logits, *args)[0], loss_fn(e.flip(1), logits.flip(2), *args)[0]
    assert torch.allclose(a, b) and a < loss_fn(e, logits.flip(2), *args)[0]


def test_chunks_cover_all_speech_of_each_speaker():
    parts = chunks(np.array([[0, 90], [90, 700]]))
    assert parts.tolist() == [[0, 0, 90], [1, 90, 293], [1, 293, 496], [1, 496, 700]]


def test_fbank_is_free_of_its_mean_and_long_enough():
    x = np.random.default_rng(0).standard_normal(8000).astype(np.float32) * 0.1
    y = fbank(x)
    assert y.shape == (144, 80) and np.abs(y.mean(0)).max() < 1e-5      # 48 frames of half a second, three times
    assert np.abs(y - fbank(x * 0.1)).max() < 1e-3


def test_targets_are_about_the_mean_of_the_speakers():
    r = np.random.default_rng(0)
    E = r.standard_normal((5, 192)) + 3
    E /= np.linalg.norm(E, axis=1, keepdims=True)
    ranges = np.array([[0, 100], [100, 500], [500, 900]])               # one chunk, two, two
    C, L, mean = targets(E, ranges)
    assert C.shape == (3, 192) and L.shape == (5, 192) and np.allclose(np.linalg.norm(C, axis=1), 1, atol=1e-5)
    assert np.allclose(C[0], L[0], atol=1e-5) and (C[1] @ L[1]) > 0.6 and (C[1] @ L[0]) < 0
    assert np.allclose(targets(E[:1], ranges[:1], mean)[0], C[:1], atol=1e-5)


def test_a_new_last_layer_finds_the_space(tmp_path):
    """Voices of different pitch: the fitted layer tells them apart as the targets do."""
    bank, r = Bank(voices(4)), np.random.default_rng(0)
    C = np.linalg.qr(r.standard_normal((24, 4)))[0].T.astype(np.float32)
    np.savez(tmp_path / "targets.npz", C=C, L=C[chunks(bank.range)[:, 0]])
    net = FastCNN(dim=24)
    assert fit_head(net, Mixer(bank, seed=1, rooms=4), Teacher(tmp_path / "targets.npz", 0.5, "cpu"), mixtures=768, batch=64) > 0.5


def test_activity_stays_when_the_embedding_alone_is_trained():
    net, x = FastCNN(dim=24).train(), torch.randn(4, 16000) * 0.1
    hold(net.before_embedding())
    before = [v.clone() for v in net(x, True)]
    matrices, rest = split(net)
    opt = torch.optim.SGD([*matrices, *rest], lr=0.1)
    net(x, True)[0].pow(4).sum().backward()
    opt.step()
    after = net(x, True)
    assert torch.equal(before[1], after[1]) and not torch.allclose(before[0], after[0])
    assert {id(p) for p in matrices + rest} == {id(p) for m in (net.feat, net.out) for p in m.parameters()}


def test_activity_of_another_network_is_the_target(tmp_path):
    """A guide fixes the order of slots and the best activity; its stem must be the frozen one; frozen layers compute the same."""
    net, guide, path = FastCNN(dim=24), FastCNN(dim=24), str(tmp_path / "ck.pt")
    torch.save(dict(ema=guide.state_dict()), path)
    with pytest.raises(SystemExit, match="stem differs"):
        activity_of(path, net, dict(dim=24))
    net.stem.load_state_dict(guide.stem.state_dict())
    fast, x = frozen(activity_of(path, net, dict(dim=24))), torch.randn(4, 16000) * 0.1
    e, target = guide.eval()(x, True)
    assert torch.allclose(fast(x, True)[1], target, atol=1e-4)
    act = torch.zeros(4, 50, 2)
    act[:, 10:, 0] = 1
    args = act, torch.tensor([[0, 1]] * 4), torch.randn(3, 24), e.flip(1), torch.ones(3)
    loss = lambda logits: loss_fn(e, logits, *args, guide=target)[0]
    same = torch.logit(target)
    assert loss(same) < loss(same + 0.5) and loss(same) < loss(same.flip(2)) and loss(same) < loss(act * 8 - 4)


def test_orthogonal():
    s = torch.linalg.svdvals(orthogonal(torch.randn(64, 160), torch.float32))
    assert s.min() > 0.5 and s.max() < 1.3
    assert {p.ndim for p in split(FastCNN())[0]} == {2, 4}


def test_average_lies_between():
    a, b = FastCNN().state_dict(), FastCNN().state_dict()
    assert all(torch.equal(v, b[k]) for k, v in between(a, b, 1.0).items() if v.is_floating_point())
    half = between(a, b, 0.5)["out.weight"]
    assert torch.allclose(half, (a["out.weight"] + b["out.weight"]) / 2)
    FastCNN().load_state_dict(between(a, b, 0.3))


def test_metrics():
    assert eer([3, 2, 1, 0], [1, 1, 0, 0]) == 0
    assert (der_parts([(0, 1, "a"), (1, 1, "b")], [(0, 2, "x")], 300) == [0, 0, 100, 200]).all()
    a = np.zeros((2, 50, 2))
    a[0, :8, 0] = a[1, :7, 1] = 1
    assert (lit(a, 0.5) == [1, 0]).all()


def test_store(tmp_path):
    net, path = FastCNN().eval(), str(tmp_path / "n.onnx")
    torch.onnx.export(net, (torch.randn(1, 48000),), path, input_names=["audio"], output_names=["embeddings", "activity"],
                      dynamic_axes={"audio": {0: "N"}}, opset_version=17, dynamo=False)
    export.store(path, path[:-5] + ".small.onnx")
    x = export.probe_audio(4)
    run = lambda p: lambda x: export.session(p).run(None, {"audio": x})
    cos, act = export.parity(run(path), run(path[:-5] + ".small.onnx"), x)
    assert cos > 0.999 and act < 0.01
    assert os.path.getsize(path[:-5] + ".small.onnx") < os.path.getsize(path) / 3
