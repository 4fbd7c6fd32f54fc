"""YAML's events read by Python alone, where PyYAML was built without libyaml (a cabinet's armv7)."""

from yaml import parser, reader, scanner


class Parser(reader.Reader, scanner.Scanner, parser.Parser):
    """Like PyYAML's own over libyaml."""

    def __init__(self, text: str) -> None:
        reader.Reader.__init__(self, text)
        scanner.Scanner.__init__(self)
        parser.Parser.__init__(self)
