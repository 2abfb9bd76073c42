"""Paints the drones: quadcopters, winged drones and birds, before skies, places and grounds.

`photograph` makes one picture of a class.
"""

from data_scripts.drones.photography import PERCHED, Rendered, photograph
