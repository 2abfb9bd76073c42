"""What several modules need to tell errors well."""


class DataError(ValueError):
    """A folder or table that cannot be used as a data set; the message says what to do."""


class TrainingError(RuntimeError):
    """Training that cannot go on; the message says why and what to change."""


class ModelError(ValueError):
    """A saved model that cannot be loaded, a configuration that does not fit its model, or a model
    whose answers are no numbers; the message says what to do."""


def last_line(error: BaseException) -> str:
    """The last line of an error's message, or its kind where it has none."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
