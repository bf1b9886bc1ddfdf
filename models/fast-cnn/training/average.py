"""average.py FROM TO OUT --share 0.75: the weights that far along the straight line between two networks of one training run.

After further training on other data, a network between the two often does better on both kinds than either ("robust fine-tuning",
Wortsman et al., CVPR 2022). Running statistics are averaged like weights: measured anew on mixtures, they gave the gain away again (RESULTS.md).
"""
import argparse
import torch


def between(a, b, share):
    """State dicts of one shape -> a + share * (b - a); counters as in b."""
    return {k: torch.lerp(a[k].float(), v.float(), share) if v.is_floating_point() else v.clone() for k, v in b.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("first")
    p.add_argument("second")
    p.add_argument("out")
    p.add_argument("--share", type=float, default=0.75, help="of the second")
    a = p.parse_args()
    first, second = (torch.load(f, map_location="cpu", weights_only=True) for f in (a.first, a.second))
    weights = between(first["ema"], second["ema"], a.share)
    # Half precision: as exact as what ships, and half of the room in the repository.
    weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    torch.save(dict(ema=weights, step=second["step"], kw=second["kw"]), a.out)


if __name__ == "__main__":
    main()
