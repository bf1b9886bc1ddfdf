"""How long training may run, and checkpoints that are always whole."""
import datetime
import os
import time
import torch


class Clock:
    """Share of the time given that has passed, 0 to 1."""

    def __init__(self, minutes, until, start=None):
        """From `start` (now, unless given: a run that was cut off goes on with its schedule) for `minutes`, or until HH:MM."""
        self.start = start or time.time()
        end = self.start + minutes * 60
        if until:
            h, m = map(int, until.split(":"))
            d = datetime.datetime.now().replace(hour=h, minute=m, second=0)
            end = (d if d.timestamp() > self.start else d + datetime.timedelta(days=1)).timestamp()
        self.length = end - self.start

    def minutes(self):
        return (time.time() - self.start) / 60

    def done(self):
        return (time.time() - self.start) / self.length


def save(path, **what):
    torch.save(what, path + ".part")
    os.replace(path + ".part", path)
