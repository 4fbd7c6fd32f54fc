"""`python -m haidang`."""

from haidang.cli import app

app()
