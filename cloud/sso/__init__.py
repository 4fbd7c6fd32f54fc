"""Single sign-on: people prove who they are to a provider of their province or city (OpenID Connect)."""
