"""What several modules need to tell errors well."""


class DataError(ValueError):
    """A folder or table that cannot be used as a data set; the message says what to do."""


def last_line(error: BaseException) -> str:
    """The last line of an error's message, or its kind where it has none."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
