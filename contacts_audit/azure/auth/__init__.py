"""Sign-in: the chain of credentials, and the tokens that they give."""
