"""The errors a user can mend: each message says what was found, what was needed and what would do."""


class UserError(Exception):
    """The user's mistake; ``str(error)`` is the whole message."""


class TraceError(UserError):
    """A trace that is missing, damaged, of a foreign format or of another experiment."""


class TrainingError(UserError):
    """A training run that could not finish, such as one that diverged."""
