"""What both painters share: meshes, camera, light, lens, noise, and the files of a data set.

Knows neither drones nor panoramas; each module is imported by its name.
"""
