"""Fields that no spreadsheet takes for a formula, and back again (OWASP ASVS 5.0, 1.2.10; RFC 4180 section 2)."""

DANGEROUS = tuple("=+-@\t\r\n\0|%＝＋－＠")
"""How a formula may begin, in whichever spreadsheet; wide signs count as plain ones in some."""
QUOTE = "'"


def guarded(field: str) -> str:
    """The field, with an apostrophe before it where it could be a formula. `plain` takes it off again."""
    return QUOTE + field if field.startswith((*DANGEROUS, QUOTE)) else field


def plain(field: str) -> str:
    """What was guarded; any other field stays as it is."""
    return field[1:] if field.startswith(QUOTE) and field[1:].startswith((*DANGEROUS, QUOTE)) else field


def row(fields: list[str]) -> str:
    """A line of CSV, every field in quotation marks."""
    return ",".join(f'"{guarded(field).replace(chr(34), chr(34) * 2)}"' for field in fields) + "\r\n"
