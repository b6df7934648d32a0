"""The options of the commands, in groups; each is declared once."""
