"""What README and notebook 04 claim for images of any size, measured; `make bench` runs it.

Every ratio compares two ways to do the same work that take turns in one process: `training`,
`decoding` and `memory` have a claim each. `older_recipe` is a command of its own.
"""
