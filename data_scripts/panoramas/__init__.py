"""Paints the panoramas: land, sea and sky in all weathers, with what stands in them.

`photograph` makes one picture that bears given labels.
"""

from data_scripts.panoramas.photography import Panorama, photograph
from data_scripts.panoramas.scenes import LABELS
