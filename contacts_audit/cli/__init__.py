"""The command line: parses, wires, calls, prints, exits.  It knows no Azure and no rule."""
