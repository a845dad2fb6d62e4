"""The base of errors that are the user's to mend."""


class UserError(Exception):
    """What was asked for cannot be done; the message names the file or option, and what to do."""
