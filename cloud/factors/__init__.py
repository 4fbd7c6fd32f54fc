"""The second proof of who somebody is: a code of the minute, a code from paper, or a passkey."""
