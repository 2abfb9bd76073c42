"""The tested code under the transfer-learning course, in the direction in which data flows.

data        from files to batches: images, labels, splits, transforms, loaders
models      pretrained backbones, the transfer-learning model; predicting, features, saving
evaluation  metrics, thresholds and calibration, mislabelled images
training    the training loop, its callbacks, the two phases in one call each
explain     class activation maps, and whether they may be believed
plots       every figure
course      the notebooks' settings, and where results go

Each sub-package imports only from those above it in this list; `course` stands alone. Importing
`helpers` imports none of them and changes nothing: a notebook names what it uses, as in
`from helpers.training import EarlyStopping, Trainer`, and calls `helpers.course.setup()`.
"""
