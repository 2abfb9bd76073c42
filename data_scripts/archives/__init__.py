"""Brings the real photos: downloads pinned archives, unpacks them safely, checks every file.

A `PhotoSet` describes one task's photos, and `fetch` makes its folder.
"""
