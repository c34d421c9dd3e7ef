"""The one kind of error that a person is meant to read."""


class SalespipeError(Exception):
    """Something the user can mend: the message says what is wrong, where, and what to do.

    Commands print it as one line without a traceback and exit with 1.
    """
