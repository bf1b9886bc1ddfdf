"""soup.py OUT CHECKPOINT=SHARE…: the weighted mean of networks that were trained from one another ("model soups", Wortsman et al., ICML 2022).

    python soup.py out.pt first.pt=0.4 second.pt=0.2 third.pt=0.4

Written in half precision, as `../checkpoint.pt` is. A network without attention or levels counts as the last one's with an output of zero there, which computes the same.
"""
import sys
import torch


def weights(path):
    k = torch.load(path, map_location="cpu", weights_only=True)
    return k.get("ema", k)


def completed(state, like):
    """The state of a network without attention or levels -> one that has them, computing the same."""
    silent = lambda n, v: torch.zeros_like(v) if ".out." in n or n.startswith("levels.2.") else v
    return {n: state[n] if n in state else silent(n, v) for n, v in like.items()}


def mean(states, shares):
    """State dicts of one shape, shares that add up to one -> their mean; counters as in the last."""
    return {n: sum(share * s[n].float() for s, share in zip(states, shares)) if v.is_floating_point() else v.clone() for n, v in states[-1].items()}


def main():
    out, *parts = sys.argv[1:]
    paths, shares = zip(*(p.rsplit("=", 1) for p in parts))
    shares = [float(x) for x in shares]
    if abs(sum(shares) - 1) > 1e-6:
        raise SystemExit(f"the shares add up to {sum(shares)}; 1 was expected")
    states = [weights(p) for p in paths]
    soup = mean([completed(s, states[-1]) for s in states], shares)
    torch.save(dict(ema={n: v.half() if v.is_floating_point() else v for n, v in soup.items()}, step=0, kw={}), out)


if __name__ == "__main__":
    main()
