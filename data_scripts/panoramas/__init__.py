"""Paints the panoramas: land, sea and sky in all weathers, with what stands in them.

`photograph` makes one picture that bears given labels.
"""
