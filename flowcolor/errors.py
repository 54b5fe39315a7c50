"""The error for what a user gave and flowcolor cannot use."""


class InputError(ValueError):
    """A file, option or configuration cannot be used; the message is one sentence for the user.

    The command line prints the message and exits with status 2, without a traceback. Everything
    else that is raised is a bug of the program and keeps its traceback.
    """
