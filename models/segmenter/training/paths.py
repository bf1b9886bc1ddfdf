"""Puts the Fast CNN's training, whose corpora, rooms, mixer and optimiser are used here too, behind this folder on the import path."""
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fast-cnn", "training"))
