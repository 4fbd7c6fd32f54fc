"""Why a provider's word is not there, or does not count.

SignOnError
  ProviderAway    it does not answer, or not as an OpenID provider does
  NotProved       what it says does not prove who is there; the message is for the log
    UnknownKey
"""


class SignOnError(Exception):
    """Nobody has been signed on."""


class ProviderAway(SignOnError):
    """The provider cannot be asked now."""


class NotProved(SignOnError):
    """The answer is not for this browser, not from this provider or not for us."""


class UnknownKey(NotProved):
    """A token names a key that we have not seen: the provider may have changed its keys."""
