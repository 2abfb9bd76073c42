"""Side-by-side timings for images of any size; `make bench` runs them, `make test` does not.

Every ratio compares two ways to do the same work, one after the other, several rounds of both, in
one process. `timing` holds the rounds, `training`, `decoding` and `memory` one question each,
`__main__` the command.
"""
